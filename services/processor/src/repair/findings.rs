use std::{iter::Sum, ops::AddAssign};

/// What a comparison of the log with one set of tables has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Rows that must be there.
    pub expected: u64,
    /// Those of them that are, each counted once.
    pub found: u64,
    /// Those that are not.
    pub missing: u64,
    /// Rows that are there once more than they must.
    pub doubled: u64,
    /// Rows of these places in the log that nobody planned. They are told, and left alone.
    pub unplanned: u64,
    /// What was put right, of those missing and those doubled.
    pub repaired: u64,
}

impl Findings {
    /// Whether there was nothing to put right.
    pub fn is_right(&self) -> bool {
        self.missing == 0 && self.doubled == 0 && self.unplanned == 0
    }

    /// What is still wrong.
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
