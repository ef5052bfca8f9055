/// The consecutive records of a partition that a set of ids covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// The offset of the first record.
    pub(crate) from: u64,
    /// The partition's time before that record, in seconds since 1970.
    pub(crate) before: u32,
    /// The partition's time at the first and at the last id, in seconds since 1970.
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl Stretch {
    /// The longest stretch of one run, in seconds. With longer runs lookups search fewer of them,
    /// but a run expires only as a whole, when its last id is old.
    pub(crate) const LONGEST: u32 = 4 * 3_600;

    /// Joins this stretch and the next one.
    pub(crate) fn joined(self, next: Self) -> Self {
        Self { last: next.last, ..self }
    }

    /// Returns whether an id at `now` may be added.
    pub(crate) fn can_include(&self, now: u32) -> bool {
        now.saturating_sub(self.first) <= Self::LONGEST
    }
}
