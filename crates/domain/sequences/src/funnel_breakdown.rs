use std::collections::BTreeMap;

use crate::{Attempt, Funnel, FunnelCounts, FunnelTotals};

/// The accumulator of a funnel by a value of the entry, such as its device.
#[derive(Clone, Debug)]
pub struct FunnelBreakdown {
    empty: FunnelCounts,
    by_value: BTreeMap<String, FunnelCounts>,
}

/// The totals of a funnel by a value of the entry.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenDown {
    /// The values with the most entries, in descending order; of as many, the first by their bytes.
    pub values: Vec<(String, FunnelTotals)>,
    /// All other values together; none if there are no others.
    pub others: Option<FunnelTotals>,
}

impl FunnelBreakdown {
    /// Returns the accumulator of a funnel without any key.
    pub fn new(funnel: &Funnel) -> Self {
        Self { empty: FunnelCounts::new(funnel), by_value: BTreeMap::new() }
    }

    /// Adds the attempt of one key at the same funnel, whose entry has this value.
    pub fn add(&mut self, value: &str, attempt: &Attempt) {
        if let Some(counts) = self.by_value.get_mut(value) {
            return counts.add(attempt);
        }
        let mut counts = self.empty.clone();
        counts.add(attempt);
        self.by_value.insert(value.to_owned(), counts);
    }

    /// Returns the number of values.
    pub fn values(&self) -> usize {
        self.by_value.len()
    }

    /// Returns the totals of the `top` values with the most entries, and of all others together.
    ///
    /// Those of the others are counted as those of a value are: their median is that of their times.
    pub fn totals(self, top: usize) -> BrokenDown {
        let mut values: Vec<_> = self.by_value.into_iter().collect();
        // Values are sorted already, and the order of equal ones is kept.
        values.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.entries()));
        let rest = values.split_off(top.min(values.len()));
        let others = (!rest.is_empty()).then(|| {
            let mut others = self.empty;
            rest.into_iter().for_each(|(_, counts)| others.merge(counts));
            others.totals()
        });
        let totals = |(value, counts): (String, FunnelCounts)| (value, counts.totals());
        BrokenDown { values: values.into_iter().map(totals).collect(), others }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, Span};

    #[test]
    fn the_values_with_the_most_entries_are_shown_and_the_rest_is_counted_together() {
        let funnel = Funnel::new(2, 1_000_000, Span::new(0, 10).unwrap()).unwrap();
        let mut breakdown = FunnelBreakdown::new(&funnel);
        // The milliseconds after which a key takes the second step, if it does.
        for (value, after) in [
            ("mobile", Some(1_000)),
            ("desktop", None),
            ("tablet", Some(3_000)),
            ("tv", Some(5_000)),
            ("mobile", None),
            ("", None),
        ] {
            let second = after.map(|time| Moment { time, steps: 2, exclusions: 0 });
            let first = Moment { time: 0, steps: 1, exclusions: 0 };
            let moments: Vec<_> = [Some(first), second].into_iter().flatten().collect();
            breakdown.add(value, &funnel.attempt(&moments, 2_000_000).unwrap());
        }
        assert_eq!(breakdown.values(), 5);
        let totals = breakdown.clone().totals(2);
        let counts: Vec<_> =
            totals.values.iter().map(|(value, totals)| (value.as_str(), &totals.counts)).collect();
        assert_eq!(counts, [("mobile", &vec![2, 1]), ("", &vec![1, 0])]);
        let others = totals.others.unwrap();
        assert_eq!((others.counts, others.total_rate), (vec![3, 2], Some(2.0 / 3.0)));
        assert_eq!(others.times.unwrap().median, 4.0);
        assert_eq!(breakdown.totals(5).others, None);
    }
}
