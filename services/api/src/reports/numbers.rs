use chrono::{DateTime, Utc};
use metrics::{Buckets, Distincts, Sums, fold};
use warehouse::DistinctSeries;

/// A campaign's numbers, per bucket and in total.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// The buckets.
    pub(crate) buckets: Buckets,
    /// The sums of each bucket.
    pub(crate) sums: Vec<Sums>,
    /// The sums of all buckets.
    pub(crate) total: Sums,
    /// Distinct values, if they were requested.
    pub(crate) distincts: DistinctSeries,
    /// Everything received before this is counted; `None` while it is unknown.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl Numbers {
    /// Adds sums of any periods to the buckets that contain them.
    pub(crate) fn new<'a>(
        buckets: Buckets,
        sums: impl IntoIterator<Item = (DateTime<Utc>, &'a Sums)>,
        distincts: DistinctSeries,
        as_of: Option<DateTime<Utc>>,
    ) -> Self {
        let sums = fold(&buckets, sums);
        let mut total = Sums::default();
        sums.iter().for_each(|bucket| total.merge(bucket));
        Self { buckets, sums, total, distincts, as_of }
    }

    /// Returns the distinct values of the bucket that begins at `start`.
    pub(crate) fn distincts_from(&self, start: &DateTime<Utc>) -> Distincts {
        self.distincts.buckets.get(start).copied().unwrap_or_default()
    }
}
