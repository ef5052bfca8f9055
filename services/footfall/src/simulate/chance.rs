use std::collections::HashMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tenancy::CampaignId;

/// How much each missing or surplus occurrence moves the next probability.
const PULL: f64 = 0.2;

/// A decision of a visitor about ads and orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Decision {
    Click,
    PutInCart,
    CheckOut,
    Buy,
}

/// Random decisions from a seed.
///
/// A month of a small shop has few orders: by chance alone, the return of one campaign in twenty
/// would be absurd. So each campaign's decisions count their occurrences and approach their share
/// soon.
pub(super) struct Chance {
    pub(super) random: StdRng,
    /// How many occurrences each decision lacks by now.
    deficit: HashMap<(Decision, Option<CampaignId>), f64>,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), deficit: HashMap::new() }
    }

    /// Returns true with this probability.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability.clamp(0.0, 1.0))
    }

    /// Returns true with about this probability; the share of true soon equals it.
    pub(super) fn decides(
        &mut self,
        decision: Decision,
        campaign: Option<&CampaignId>,
        probability: f64,
    ) -> bool {
        let deficit = self.deficit.entry((decision, campaign.cloned())).or_default();
        let happens = self.random.random_bool((probability + PULL * *deficit).clamp(0.0, 1.0));
        *deficit += probability - f64::from(u8::from(happens));
        happens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_soon_reaches_its_share_and_is_still_random() {
        let mut chance = Chance::new(1);
        let taken: Vec<_> = (0..500).map(|_| chance.decides(Decision::Buy, None, 0.12)).collect();
        for end in [100, 200, 300, 400, 500] {
            let count = taken[..end].iter().filter(|happened| **happened).count() as f64;
            assert!((count - end as f64 * 0.12).abs() < 2.5, "{count} of {end}");
        }
        let times: Vec<_> = (0..500).filter(|time| taken[*time]).collect();
        let pauses: std::collections::BTreeSet<_> =
            times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.len() > 5, "{pauses:?}");
    }
}
