use rand::Rng;

/// A choice among numbers, of which low ones are chosen more often.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The probability of a number or a lower one.
    cumulated: Vec<f64>,
}

impl Choice {
    /// Creates a choice among `count` numbers by Zipf's law: number `n` has the weight `1 / (n + 1)`.
    pub(crate) fn zipf(count: usize) -> Self {
        Self::weighted((1..=count.max(1)).map(|rank| 1.0 / rank as f64))
    }

    /// Creates a choice among as many numbers as there are weights.
    pub(crate) fn weighted(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let mut cumulated: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        cumulated.iter_mut().for_each(|weight| *weight /= sum);
        Self { cumulated }
    }

    /// Returns a number.
    pub(crate) fn pick(&self, random: &mut impl Rng) -> usize {
        let wanted: f64 = random.random();
        let last = self.cumulated.len().saturating_sub(1);
        self.cumulated.partition_point(|weight| *weight <= wanted).min(last)
    }

    /// Returns the share of each number in `total`, rounded; the shares add up to `total`.
    pub(crate) fn shares(&self, total: u32) -> Vec<u32> {
        let mut before = 0;
        let up_to = self.cumulated.iter().map(|weight| (weight * f64::from(total)).round() as u32);
        up_to.map(|up_to| up_to - std::mem::replace(&mut before, up_to)).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn the_first_number_is_chosen_most() {
        let choice = Choice::zipf(20);
        let mut random = StdRng::seed_from_u64(1);
        let mut counts = [0; 20];
        for _ in 0..10_000 {
            counts[choice.pick(&mut random)] += 1;
        }
        assert!(counts[0] > 2_500 && counts[0] < 3_100, "{counts:?}");
        assert!(counts[19] > 50, "{counts:?}");
    }

    #[test]
    fn shares_add_up() {
        let shares = Choice::zipf(6).shares(1_000);
        assert_eq!(shares.iter().sum::<u32>(), 1_000);
        assert!(shares.is_sorted_by(|one, next| one >= next), "{shares:?}");
    }
}
