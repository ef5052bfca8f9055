use std::{collections::BTreeSet, ops::RangeInclusive};

use chrono::{DateTime, Utc};
use warehouse::{InsertBatch, InsertError, RowPlace, Warehouse, WarehouseError};

use super::{
    bisect::{Refused, bisect},
    draft::Load,
};
use crate::retry::{Pauses, until_ok};

/// What it took until all rows of a batch were stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Landing {
    /// One insert, with a clear answer.
    Clean,
    /// The insert was in doubt, and all rows were there.
    InDoubt,
    /// The insert was in doubt, and rows were missing.
    Repaired,
    /// Rows are stored twice: reconciliation deletes the copies.
    Doubled,
}

impl Landing {
    /// The metric's label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::InDoubt => "in_doubt",
            Self::Repaired => "repaired",
            Self::Doubled => "doubled",
        }
    }
}

/// Rows to be inserted into one destination.
pub(super) struct Shipment {
    pub(super) warehouse: Warehouse,
    pub(super) batch: InsertBatch,
    pub(super) load: Load,
    /// The log's times of the range.
    pub(super) logged: RangeInclusive<DateTime<Utc>>,
    /// How many refused records end the attempt.
    pub(super) limit: usize,
}

impl Shipment {
    /// Inserts the load and returns once all of it is stored, except the records that the server
    /// refuses. It retries for as long as that takes.
    pub(super) async fn land(&self) -> (Landing, Refused) {
        let mut pauses = Pauses::new("insert a batch");
        loop {
            match self.warehouse.insert(&self.batch, &self.load.block).await {
                Ok(()) => return (Landing::Clean, Refused::new()),
                Err(InsertError::Retriable(cause)) => pauses.wait(cause.as_ref()).await,
                Err(error) => {
                    tracing::warn!(batch = %self.batch, %error, "a batch is read back and completed");
                    return self.verify_and_complete().await;
                }
            }
        }
    }

    /// Completes a load that may have been sent before, so that no row is missing and none is there
    /// twice. It reads the table before it inserts anything, because rows may have come under tokens
    /// of other bounds.
    ///
    /// A token alone is no proof: a server killed between writing its deduplication log and
    /// committing the part drops the retry too. Reading back is the proof.
    pub(super) async fn verify_and_complete(&self) -> (Landing, Refused) {
        let mut pauses = Pauses::new("insert the missing rows of a batch");
        let mut round = InsertBatch { repair: 0, ..self.batch.clone() };
        let mut sent = false;
        let mut refused = Refused::new();
        loop {
            let found = until_ok("read a batch back", || self.found(&round)).await;
            let missing = self.load.rows.only(|place| {
                !found.present.contains(&place) && !refused.contains_key(&place.offset)
            });
            if missing.is_empty() {
                return (found.landing(round.repair), refused);
            }
            if sent {
                round.repair = round.repair.saturating_add(1);
                tracing::warn!(batch = %round, "rows are missing and are inserted again");
            }
            // A failed attempt keeps its token. Only a clear answer that left rows missing shows that
            // the server takes the token for known.
            let block = missing.encode(&self.warehouse, self.batch.range.start()).await;
            let answer = self.warehouse.insert(&round, &block).await;
            sent = answer.is_ok();
            match answer {
                Ok(()) => {}
                Err(InsertError::Refused { .. }) => {
                    let found = bisect(&self.warehouse, &self.batch, missing, self.limit).await;
                    refused.extend(found);
                    if refused.len() >= self.limit {
                        return (Landing::InDoubt, refused);
                    }
                }
                Err(error) => pauses.wait(&error).await,
            }
        }
    }

    /// Reads which rows of the range are stored, once no insert runs there.
    async fn found(&self, round: &InsertBatch) -> Result<Found, WarehouseError> {
        self.warehouse.wait_until_no_insert_runs(round).await?;
        let rows = self.warehouse.present(round, self.logged.clone()).await?;
        let present: BTreeSet<_> = rows.iter().copied().collect();
        let doubled = rows.len() - present.len();
        if doubled > 0 {
            tracing::error!(batch = %round, doubled, "rows are stored twice");
        }
        Ok(Found { present, doubled })
    }
}

/// The rows that were read back.
struct Found {
    present: BTreeSet<RowPlace>,
    doubled: usize,
}

impl Found {
    fn landing(&self, repair: u16) -> Landing {
        match (self.doubled, repair) {
            (0, 0) => Landing::InDoubt,
            (0, _) => Landing::Repaired,
            _ => Landing::Doubled,
        }
    }
}

#[cfg(test)]
#[path = "land_tests.rs"]
mod tests;
