use std::collections::BTreeMap;

use rand::{Rng, rngs::StdRng};

/// The number of returning visitors, and the probability that a visit is one of theirs.
const REGULARS: u32 = 5_000;
const REGULAR: f64 = 0.45;

/// Relative weights.
const DEVICES: [(&str, u32); 3] = [("mobile", 610), ("desktop", 320), ("tablet", 70)];

/// A visitor and the device.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) id: String,
    /// Set for known customers only.
    pub(super) customer_id: Option<String>,
    pub(super) device: &'static str,
    pub(super) country: String,
}

impl Visitor {
    /// Chooses a visitor from one of these countries.
    pub(super) fn arriving(countries: &BTreeMap<String, u32>, random: &mut StdRng) -> Self {
        let country = |number| {
            let shares = countries.iter().map(|(country, share)| (country.as_str(), *share));
            pick(shares, number).unwrap_or_default().to_owned()
        };
        let device = |number| pick(DEVICES.into_iter(), number).unwrap_or_default();
        if random.random_bool(REGULAR) {
            let number = random.random_range(0..REGULARS);
            // The attributes of a returning visitor depend on the number alone.
            return Self {
                id: format!("v-{number:08x}"),
                customer_id: (number % 3 == 0).then(|| format!("c-{number:08x}")),
                device: device(number.wrapping_mul(7_919)),
                country: country(number.wrapping_mul(104_729)),
            };
        }
        Self {
            id: format!("v-{:016x}", random.random::<u64>()),
            customer_id: None,
            device: device(random.random()),
            country: country(random.random()),
        }
    }
}

/// Returns the choice whose share contains `number` modulo all shares; `None` without shares.
fn pick<'a>(choices: impl Iterator<Item = (&'a str, u32)> + Clone, number: u32) -> Option<&'a str> {
    let all: u32 = choices.clone().map(|(_, share)| share).sum();
    let mut number = number.checked_rem(all)?;
    for (choice, share) in choices {
        match number.checked_sub(share) {
            None => return Some(choice),
            Some(rest) => number = rest,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_into_a_share() {
        let picked = [0, 609, 610, 999, 1_000].map(|number| pick(DEVICES.into_iter(), number));
        assert_eq!(picked, ["mobile", "mobile", "desktop", "tablet", "mobile"].map(Some));
        assert_eq!(pick([("nowhere", 0)].into_iter(), 7), None);
    }
}
