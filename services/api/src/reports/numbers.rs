use chrono::{DateTime, Utc};
use metrics::{Sums, fold};
use warehouse::Visitors;

/// A campaign's numbers, bucket by bucket and in all.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// The starts of the buckets.
    pub(crate) starts: Vec<DateTime<Utc>>,
    /// One for each start.
    pub(crate) buckets: Vec<Sums>,
    /// All buckets together.
    pub(crate) total: Sums,
    /// Distinct visitors, when they were asked for.
    pub(crate) visitors: Visitors,
    /// Everything received before this is counted; none while that is not known.
    pub(crate) as_of: Option<DateTime<Utc>>,
}

impl Numbers {
    /// Puts sums of any stretches of time into the buckets they fall in.
    pub(crate) fn new<'a>(
        starts: Vec<DateTime<Utc>>,
        sums: impl IntoIterator<Item = (DateTime<Utc>, &'a Sums)>,
        visitors: Visitors,
        as_of: Option<DateTime<Utc>>,
    ) -> Self {
        let buckets = fold(&starts, sums);
        let mut total = Sums::default();
        buckets.iter().for_each(|bucket| total.merge(bucket));
        Self { starts, buckets, total, visitors, as_of }
    }

    /// The distinct visitors of the bucket that begins at `start`.
    pub(crate) fn visitors_from(&self, start: &DateTime<Utc>) -> u64 {
        self.visitors.buckets.get(start).copied().unwrap_or_default()
    }
}
