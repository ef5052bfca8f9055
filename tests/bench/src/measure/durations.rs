use std::time::Duration;

/// The durations of many tries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Durations(Vec<Duration>);

impl Durations {
    /// Adds a try.
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    /// Adds the tries of another.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Returns the number of tries.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the shortest duration that `percent` of the tries did not exceed; zero without tries.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let mut tries = self.0.clone();
        let rank = (tries.len() * percent).div_ceil(100).max(1);
        if rank > tries.len() {
            return Duration::ZERO;
        }
        *tries.select_nth_unstable(rank - 1).1
    }

    /// Returns the same in milliseconds.
    pub(crate) fn millis(&self, percent: usize) -> f64 {
        self.percentile(percent).as_secs_f64() * 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_durations_of_tries() {
        let mut durations = Durations::default();
        for millis in (1..=200).rev() {
            durations.add(Duration::from_millis(millis));
        }
        let millis = |percent| durations.percentile(percent).as_millis();
        assert_eq!([millis(0), millis(50), millis(95), millis(100)], [1, 100, 190, 200]);
        assert_eq!(durations.count(), 200);
    }

    #[test]
    fn percentiles_of_one_try_are_that_try_and_of_none_are_zero() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentile(95), Duration::ZERO);
        durations.add(Duration::from_millis(7));
        for percent in [50, 95, 100] {
            assert_eq!(durations.percentile(percent), Duration::from_millis(7));
        }
    }
}
