use crate::{Attempt, Funnel, ratio};

/// The accumulator of a funnel's totals.
#[derive(Clone, Debug)]
pub struct FunnelCounts {
    reached: Vec<u64>,
    durations: Vec<u64>,
    excluded: u64,
    open: u64,
}

/// The totals of a funnel over all keys.
#[derive(Clone, Debug, PartialEq)]
pub struct FunnelTotals {
    /// The keys that reached each step.
    pub counts: Vec<u64>,
    /// For each step after the first, its count over that of the step before; none over zero.
    pub step_rates: Vec<Option<f64>>,
    /// The count of the last step over that of the first; none over zero.
    pub total_rate: Option<f64>,
    /// The times of the keys that reached the last step; none if no key did.
    pub times: Option<TimesToConvert>,
    /// The keys that would get further without the exclusions.
    pub excluded: u64,
    /// The keys whose entry has a window that was not over.
    pub open: u64,
}

/// Statistics of the times from the entry to the last step, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimesToConvert {
    /// The median. Of an even number of times it is the mean of the middle two.
    pub median: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The shortest time that at least 90 % of the times do not exceed (nearest rank).
    pub p90: f64,
}

impl FunnelCounts {
    /// Returns the accumulator of a funnel without any key.
    pub fn new(funnel: &Funnel) -> Self {
        Self { reached: vec![0; funnel.steps()], durations: Vec::new(), excluded: 0, open: 0 }
    }

    /// Adds the attempt of one key at the same funnel.
    ///
    /// An attempt that reached the last step keeps 8 bytes, since statistics are exact.
    pub fn add(&mut self, attempt: &Attempt) {
        for count in self.reached.iter_mut().take(attempt.depth()) {
            *count += 1;
        }
        if attempt.depth() == self.reached.len() {
            self.durations.push(attempt.duration());
        }
        self.excluded += u64::from(attempt.is_excluded());
        self.open += u64::from(attempt.is_open());
    }

    /// Returns how many attempts were added.
    pub(crate) fn entries(&self) -> u64 {
        self.reached.first().copied().unwrap_or_default()
    }

    /// Adds the attempts of other keys at the same funnel.
    pub(crate) fn merge(&mut self, other: Self) {
        for (count, more) in self.reached.iter_mut().zip(other.reached) {
            *count += more;
        }
        self.durations.extend(other.durations);
        self.excluded += other.excluded;
        self.open += other.open;
    }

    /// Returns the totals of all attempts that were added.
    pub fn totals(mut self) -> FunnelTotals {
        let pairs = self.reached.iter().zip(self.reached.iter().skip(1));
        let step_rates = pairs.map(|(before, count)| ratio(*count, *before)).collect();
        let total_rate = match (self.reached.first(), self.reached.last()) {
            (Some(first), Some(last)) => ratio(*last, *first),
            _ => None,
        };
        self.durations.sort_unstable();
        FunnelTotals {
            step_rates,
            total_rate,
            times: times(&self.durations),
            counts: self.reached,
            excluded: self.excluded,
            open: self.open,
        }
    }
}

/// Returns the statistics of sorted times in milliseconds.
fn times(sorted: &[u64]) -> Option<TimesToConvert> {
    let length = sorted.len();
    let last = length.checked_sub(1)?;
    let at = |index: usize| sorted.get(index).map(|time| *time as f64);
    let sum: u128 = sorted.iter().map(|time| u128::from(*time)).sum();
    // A float holds whole milliseconds exactly up to 2^53, which is 285,000 years.
    Some(TimesToConvert {
        median: (at(last / 2)? + at(length / 2)?) / 2000.0,
        mean: sum as f64 / length as f64 / 1000.0,
        p90: at((length * 9).div_ceil(10) - 1)? / 1000.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, Span};

    /// Returns the totals of keys that take the second step after so many milliseconds.
    fn totals(durations: &[i64]) -> FunnelTotals {
        let funnel = Funnel::new(2, 1_000_000, Span::new(0, 10).unwrap()).unwrap();
        let mut counts = FunnelCounts::new(&funnel);
        for duration in durations {
            let moments =
                [(0, 1), (*duration, 2)].map(|(time, steps)| Moment { time, steps, exclusions: 0 });
            counts.add(&funnel.attempt(&moments, 2_000_000).unwrap());
        }
        counts.totals()
    }

    #[test]
    fn rates_over_zero_and_times_of_no_key_are_none() {
        let totals = totals(&[]);
        assert_eq!(totals.counts, [0, 0]);
        assert_eq!(totals.step_rates, [None]);
        assert_eq!((totals.total_rate, totals.times), (None, None));
    }

    #[test]
    fn statistics_are_exact_to_the_millisecond() {
        let expected = |median, mean, p90| Some(TimesToConvert { median, mean, p90 });
        assert_eq!(totals(&[1501]).times, expected(1.501, 1.501, 1.501));
        assert_eq!(totals(&[2000, 1001]).times, expected(1.5005, 1.5005, 2.0));
        assert_eq!(totals(&[3000, 1000, 2000]).times, expected(2.0, 2.0, 3.0));
    }

    #[test]
    fn ninety_percent_of_the_times_do_not_exceed_the_p90() {
        let thousands = |upto: i64| (1..=upto).map(|number| number * 1000).collect::<Vec<_>>();
        for (count, p90) in [(9, 9.0), (10, 9.0), (11, 10.0), (20, 18.0), (100, 90.0)] {
            assert_eq!(totals(&thousands(count)).times.unwrap().p90, p90, "{count}");
        }
    }
}
