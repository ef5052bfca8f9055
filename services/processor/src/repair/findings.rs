use std::{iter::Sum, ops::AddAssign};

/// The result of a comparison of the log with one set of tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Rows that must be stored.
    pub expected: u64,
    /// Expected rows that are stored, each counted once.
    pub found: u64,
    /// Expected rows that are not stored.
    pub missing: u64,
    /// Surplus copies of rows.
    pub doubled: u64,
    /// Stored rows of the range that no plan contains. They are reported and left as they are.
    pub unplanned: u64,
    /// Missing and doubled rows that were repaired.
    pub repaired: u64,
}

impl Findings {
    /// Whether nothing had to be repaired.
    pub fn is_right(&self) -> bool {
        self.missing == 0 && self.doubled == 0 && self.unplanned == 0
    }

    /// How many rows are still wrong.
    pub fn left(&self) -> u64 {
        (self.missing + self.doubled + self.unplanned).saturating_sub(self.repaired)
    }
}

impl AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        self.expected += other.expected;
        self.found += other.found;
        self.missing += other.missing;
        self.doubled += other.doubled;
        self.unplanned += other.unplanned;
        self.repaired += other.repaired;
    }
}

impl Sum for Findings {
    fn sum<I: Iterator<Item = Self>>(findings: I) -> Self {
        let mut sum = Self::default();
        findings.for_each(|one| sum += one);
        sum
    }
}
