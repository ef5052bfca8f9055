use std::fmt;

use log::LogRange;
use tenancy::Destination;

/// The rows of one log range for one destination, as one insert.
///
/// As text, its name: `generation:topic:partition:first-last:cluster.database:e<epoch>`, with
/// `:r<repair>` behind it unless that is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsertBatch {
    /// The log range.
    pub range: LogRange,
    /// The topic.
    pub topic: String,
    /// Where the rows are inserted.
    pub destination: Destination,
    /// The epoch of the plan. It is never reused, so a ledger that was restored to an older state
    /// plans the same range under another one. 0 without a plan, as in a reconciliation.
    pub epoch: u64,
    /// 0 for the batch itself; 1, 2… for each later insert of rows that a read-back found missing.
    pub repair: u16,
}

impl InsertBatch {
    /// Creates the batch itself, not a repair of it.
    pub fn of(range: LogRange, topic: &str, destination: &Destination, epoch: u64) -> Self {
        Self { range, topic: topic.to_owned(), destination: destination.clone(), epoch, repair: 0 }
    }

    /// Returns the name of this insert: its deduplication token and its query id.
    ///
    /// A retry of the batch has the same name. Once rows are stored under a name, the server drops
    /// every later insert of that name, whatever it contains, so a repair needs another number.
    pub fn token(&self) -> String {
        self.to_string()
    }

    /// Returns the beginning that the names of all inserts of this partition share.
    pub(crate) fn name_prefix(&self) -> String {
        let LogRange { generation, partition, .. } = self.range;
        format!("{generation}:{}:{partition}:", self.topic)
    }
}

impl fmt::Display for InsertBatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { range: LogRange { first, last, .. }, destination, epoch, .. } = self;
        write!(out, "{}{first}-{last}:{destination}:e{epoch}", self.name_prefix())?;
        match self.repair {
            0 => Ok(()),
            repair => write!(out, ":r{repair}"),
        }
    }
}
