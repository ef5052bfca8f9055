use std::time::Duration;

/// The durations of many tries.
#[derive(Debug, Default)]
pub(crate) struct Durations(Vec<Duration>);

impl Durations {
    /// Adds a try.
    pub(crate) fn add(&mut self, took: Duration) {
        let position = self.0.partition_point(|one| *one <= took);
        self.0.insert(position, took);
    }

    /// Returns the number of tries.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns the shortest duration that `percent` of the tries did not exceed; zero without tries.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
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
