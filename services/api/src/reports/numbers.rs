use chrono::{DateTime, Utc};
use metrics::{Buckets, Sums, fold};
use warehouse::Visitors;

/// A campaign's numbers, bucket by bucket and in all.
#[derive(Debug)]
pub(crate) struct Numbers {
    /// When the buckets are.
    pub(crate) buckets: Buckets,
    /// One for each bucket.
    pub(crate) sums: Vec<Sums>,
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
        buckets: Buckets,
        sums: impl IntoIterator<Item = (DateTime<Utc>, &'a Sums)>,
        visitors: Visitors,
        as_of: Option<DateTime<Utc>>,
    ) -> Self {
        let sums = fold(&buckets, sums);
        let mut total = Sums::default();
        sums.iter().for_each(|bucket| total.merge(bucket));
        Self { buckets, sums, total, visitors, as_of }
    }

    /// The distinct visitors of the bucket that begins at `start`.
    pub(crate) fn visitors_from(&self, start: &DateTime<Utc>) -> u64 {
        self.visitors.buckets.get(start).copied().unwrap_or_default()
    }
}
