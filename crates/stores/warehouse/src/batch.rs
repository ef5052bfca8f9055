use std::fmt;

use tenancy::Destination;

/// One pinned range of one partition of the log, on its way to one set of tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsertBatch {
    /// The generation of the log: raised when a topic is made anew and its offsets begin at 0 again.
    pub kgen: u16,
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: u16,
    /// The first offset.
    pub first: u64,
    /// The last offset, included.
    pub last: u64,
    /// Where the rows go.
    pub destination: Destination,
    /// The epoch it was planned under, which never comes again: a ledger that was put back to an
    /// older state may plan the same range once more. 0 of what no plan stands for, as in an audit.
    pub epoch: u64,
    /// 0 for the batch itself; 1, 2… for each later insert of what a read-back found missing.
    pub repair: u16,
}

impl InsertBatch {
    /// The name of this insert: deduplication token and query id in one.
    ///
    /// Whoever sends the batch sends it under the same name, and what has landed under a name
    /// keeps everything later away, whatever it holds. So a repair takes the next number.
    pub fn token(&self) -> String {
        self.to_string()
    }

    /// How the names of all inserts of this partition begin.
    pub(crate) fn log(&self) -> String {
        let Self { kgen, topic, partition, .. } = self;
        format!("{kgen}:{topic}:{partition}:")
    }

    /// The tables, as a name says them.
    pub(crate) fn tables(&self) -> String {
        format!("{}.{}", self.destination.cluster, self.destination.database)
    }
}

impl fmt::Display for InsertBatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, epoch, .. } = self;
        write!(out, "{}{first}-{last}:{}:e{epoch}", self.log(), self.tables())?;
        match self.repair {
            0 => Ok(()),
            round => write!(out, ":r{round}"),
        }
    }
}
