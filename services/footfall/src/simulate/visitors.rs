use rand::{Rng, rngs::StdRng};

/// How many visitors come back; the chance that a visit is one of theirs.
const REGULARS: u32 = 5_000;
const REGULAR: f64 = 0.45;

/// Per mille of visits.
const DEVICES: &[(&str, u32)] = &[("mobile", 610), ("desktop", 320), ("tablet", 70)];

const COUNTRIES: &[(&str, u32)] = &[
    ("DE", 340),
    ("FR", 170),
    ("NL", 110),
    ("AT", 90),
    ("ES", 80),
    ("IT", 80),
    ("BE", 60),
    ("PL", 40),
    ("SE", 30),
];

/// Who visits, and with what.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    pub(super) id: String,
    /// Known customers only.
    pub(super) customer_id: Option<String>,
    pub(super) device: &'static str,
    pub(super) country: &'static str,
}

impl Visitor {
    pub(super) fn arriving(random: &mut StdRng) -> Self {
        if random.random_bool(REGULAR) {
            let number = random.random_range(0..REGULARS);
            // What a regular is like depends on the number alone.
            return Self {
                id: format!("v-{number:08x}"),
                customer_id: (number % 3 == 0).then(|| format!("c-{number:08x}")),
                device: pick(DEVICES, number.wrapping_mul(7_919) % 1_000),
                country: pick(COUNTRIES, number.wrapping_mul(104_729) % 1_000),
            };
        }
        Self {
            id: format!("v-{:016x}", random.random::<u64>()),
            customer_id: None,
            device: pick(DEVICES, random.random_range(0..1_000)),
            country: pick(COUNTRIES, random.random_range(0..1_000)),
        }
    }
}

/// The choice into whose share a number below 1,000 falls.
fn pick(choices: &[(&'static str, u32)], mut number: u32) -> &'static str {
    for (choice, share) in choices {
        match number.checked_sub(*share) {
            None => return choice,
            Some(rest) => number = rest,
        }
    }
    choices.first().map_or("", |(choice, _)| choice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for shares in [DEVICES, COUNTRIES] {
            assert_eq!(shares.iter().map(|(_, share)| share).sum::<u32>(), 1_000);
        }
        assert_eq!((pick(DEVICES, 609), pick(DEVICES, 610)), ("mobile", "desktop"));
    }
}
