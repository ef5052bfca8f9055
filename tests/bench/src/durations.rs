use std::time::Duration;

/// What many tries of one thing took.
#[derive(Debug, Default)]
pub(crate) struct Durations(Vec<Duration>);

impl Durations {
    /// One more try.
    pub(crate) fn add(&mut self, took: Duration) {
        let place = self.0.partition_point(|one| *one <= took);
        self.0.insert(place, took);
    }

    /// How many tries there were.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The shortest time that so many per cent of the tries did not exceed; zero without tries.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_tries_that_happened() {
        let mut durations = Durations::default();
        for millis in (1..=200).rev() {
            durations.add(Duration::from_millis(millis));
        }
        let millis = |percent| durations.percentile(percent).as_millis();
        assert_eq!([millis(0), millis(50), millis(95), millis(100)], [1, 100, 190, 200]);
        assert_eq!(durations.count(), 200);
    }

    #[test]
    fn of_one_try_everything_is_that_try_and_of_none_nothing() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentile(95), Duration::ZERO);
        durations.add(Duration::from_millis(7));
        for percent in [50, 95, 100] {
            assert_eq!(durations.percentile(percent), Duration::from_millis(7));
        }
    }
}
