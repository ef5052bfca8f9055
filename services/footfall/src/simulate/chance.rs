use std::collections::HashMap;

use rand::{Rng, SeedableRng, rngs::StdRng};
use tenancy::CampaignId;

/// How far what happened too often or too seldom so far moves the next chance.
const PULL: f64 = 0.2;

/// What a visitor decides where ads and orders are at stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Decision {
    Click,
    PutInCart,
    CheckOut,
    Buy,
}

/// Chance, made from a seed.
///
/// A month of a small shop holds few orders: by chance alone, the return of one campaign in twenty
/// would be absurd. So the decisions that make it remember how often they were taken, for each
/// campaign, and come close to their share soon.
pub(super) struct Chance {
    pub(super) random: StdRng,
    /// How many times more each should have happened by now.
    owed: HashMap<(Decision, Option<CampaignId>), f64>,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: StdRng::seed_from_u64(seed), owed: HashMap::new() }
    }

    /// True with this probability.
    pub(super) fn happens(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability.clamp(0.0, 1.0))
    }

    /// True with about this probability, and soon for just this share of all times.
    pub(super) fn decides(
        &mut self,
        decision: Decision,
        campaign: Option<&CampaignId>,
        probability: f64,
    ) -> bool {
        let owed = self.owed.entry((decision, campaign.cloned())).or_default();
        let happens = self.random.random_bool((probability + PULL * *owed).clamp(0.0, 1.0));
        *owed += probability - f64::from(u8::from(happens));
        happens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_soon_has_its_share_of_all_times_and_is_still_by_chance() {
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
