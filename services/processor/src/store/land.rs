use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::{DateTime, Utc};
use warehouse::{InsertBatch, InsertError, Warehouse, WarehouseError};

use super::{
    bisect::{Refused, bisect, only},
    draft::Load,
    idle::idle,
};
use crate::retry::Pauses;

/// What it took until all rows of a batch were there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// One clean answer.
    Clean,
    /// It was in doubt, and everything was there.
    Doubtful,
    /// It was in doubt, and rows were missing.
    Repaired,
    /// Rows are there twice: the audit removes them.
    Doubled,
}

impl Landing {
    /// The metric's label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Doubtful => "doubtful",
            Self::Repaired => "repaired",
            Self::Doubled => "doubled",
        }
    }
}

/// Rows on their way to one destination.
pub(super) struct Shipment {
    pub(super) warehouse: Warehouse,
    pub(super) batch: InsertBatch,
    pub(super) load: Load,
    /// The log's times of the range.
    pub(super) logged: RangeInclusive<DateTime<Utc>>,
    /// How many records may be refused before it is given up.
    pub(super) limit: usize,
}

impl Shipment {
    /// Inserts the load and returns once all of it is there, however long that takes; all but the
    /// records that the server refuses.
    pub(super) async fn land(&self) -> (Landing, Refused) {
        let mut pauses = Pauses::new("insert a batch");
        loop {
            match self.warehouse.insert(&self.batch, &self.load.rows).await {
                Ok(()) => return (Landing::Clean, Refused::new()),
                Err(InsertError::Retriable(cause)) => pauses.wait(cause.as_ref()).await,
                Err(error) => {
                    tracing::warn!(batch = %self.batch, %error, "not known to have landed");
                    return self.settle().await;
                }
            }
        }
    }

    /// Brings a load that may have been sent before to its end: nothing missing, nothing doubled.
    /// It looks before it sends anything, as what is there may have come under tokens of other
    /// bounds.
    ///
    /// A token alone is not proof: a server killed between writing its deduplication log and
    /// committing the part drops the retry too. Reading back is.
    pub(super) async fn settle(&self) -> (Landing, Refused) {
        let mut pauses = Pauses::new("settle a doubtful batch");
        let mut round = InsertBatch { repair: 0, ..self.batch.clone() };
        let (mut sent, mut refused) = (false, Refused::new());
        loop {
            let found = match self.found(&round).await {
                Ok(found) => found,
                Err(error) => {
                    pauses.wait(&error).await;
                    continue;
                }
            };
            let missing = only(&self.load.rows, |row| {
                let offset = row.coordinates().offset;
                !found.present.contains(&(offset, row.line())) && !refused.contains_key(&offset)
            });
            if missing.is_empty() {
                return (found.landing(round.repair), refused);
            }
            if sent {
                round.repair = round.repair.saturating_add(1);
                tracing::warn!(batch = %round, "rows are missing and inserted again");
            }
            // A failed attempt keeps its name; only a clean answer that left rows missing shows
            // that the server takes the name for known.
            let answer = self.warehouse.insert(&round, &missing).await;
            sent = answer.is_ok();
            match answer {
                Ok(()) => {}
                Err(InsertError::Refused { .. }) => {
                    let found = bisect(&self.warehouse, &self.batch, missing, self.limit).await;
                    refused.extend(found);
                    if refused.len() >= self.limit {
                        return (Landing::Doubtful, refused);
                    }
                }
                Err(error) => pauses.wait(&error).await,
            }
        }
    }

    /// What of the range is there, once nobody works on it.
    async fn found(&self, round: &InsertBatch) -> Result<Found, WarehouseError> {
        idle(&self.warehouse, round).await?;
        let rows = self.warehouse.present(round, self.logged.clone()).await?;
        let present: BTreeSet<_> = rows.iter().copied().collect();
        let doubled = rows.len() - present.len();
        if doubled > 0 {
            tracing::error!(batch = %round, doubled, "rows are in the table twice");
        }
        Ok(Found { present, doubled })
    }
}

/// What was read back.
struct Found {
    present: BTreeSet<(u64, u8)>,
    doubled: usize,
}

impl Found {
    fn landing(&self, repair: u16) -> Landing {
        match (self.doubled, repair) {
            (0, 0) => Landing::Doubtful,
            (0, _) => Landing::Repaired,
            _ => Landing::Doubled,
        }
    }
}

#[cfg(test)]
#[path = "land_tests.rs"]
mod tests;
