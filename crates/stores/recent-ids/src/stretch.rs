/// What of a partition a set of ids stands for: records that follow each other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    /// The offset of the first record.
    pub(crate) from: u64,
    /// The partition's time before it.
    pub(crate) before: u32,
    /// The partition's time at the first and at the last id, in seconds since 1970.
    pub(crate) first: u32,
    pub(crate) last: u32,
}

impl Stretch {
    /// The longest that is kept in one piece, in seconds. Longer pieces are fewer to look into,
    /// but each is let go as a whole, when the last of it is old.
    pub(crate) const LONGEST: u32 = 4 * 3_600;

    /// This stretch and the one after it, as one.
    pub(crate) fn joined(self, next: Self) -> Self {
        Self { last: next.last, ..self }
    }

    /// Whether it goes on at `now`.
    pub(crate) fn reaches(&self, now: u32) -> bool {
        now.saturating_sub(self.first) <= Self::LONGEST
    }
}
