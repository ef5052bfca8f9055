use std::fmt;

/// A consumer group of the log. Its leases in the ledger carry its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Writes events to ClickHouse.
    Store,
    /// Writes live counters to Redis.
    Live,
    /// Writes records to the archive.
    Archive,
    /// Writes refused events to ClickHouse.
    Rejects,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 4] = [Self::Store, Self::Live, Self::Archive, Self::Rejects];

    /// Its name, as in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Live => "live",
            Self::Archive => "archive",
            Self::Rejects => "rejects",
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}
