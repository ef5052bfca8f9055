use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Lease;
use log::Offset;
use tenancy::Destination;
use warehouse::{InsertBatch, Warehouse};

use super::draft::Draft;
use crate::retry::until_ok;

/// How far back from a record's log time rows of it, or of later ones, can be dated: the clocks of
/// brokers differ.
const BROKER_CLOCKS: TimeDelta = TimeDelta::hours(1);

/// Tables that hold rows the ledger does not know, because the ledger was restored to an older
/// state than the tables.
#[derive(Default)]
pub(super) struct AheadOfLedger {
    /// The highest offset that each destination held when the first batch for it was planned.
    highest: BTreeMap<Destination, Option<Offset>>,
}

impl AheadOfLedger {
    /// The batch's destinations that hold rows at its first offset or beyond.
    pub(super) async fn of(
        &mut self,
        warehouse: &Warehouse,
        topic: &str,
        lease: &Lease,
        draft: &Draft,
    ) -> BTreeSet<Destination> {
        let first = draft.plan.first;
        let since = *draft.logged.start() - BROKER_CLOCKS;
        let mut ahead = BTreeSet::new();
        for load in &draft.loads {
            let destination = &load.destination;
            let highest = match self.highest.get(destination) {
                Some(highest) => *highest,
                None => {
                    let range = lease.next.at(first).to(Offset::MAX);
                    let batch = InsertBatch::of(range, topic, destination, lease.epoch);
                    let highest = highest(warehouse, &batch, since).await;
                    self.highest.insert(destination.clone(), highest);
                    highest
                }
            };
            if let Some(highest) = highest.filter(|highest| *highest >= first) {
                let partition = lease.next.partition;
                tracing::warn!(
                    %partition, %first, %highest, %destination, "the tables are ahead of the ledger"
                );
                ahead.insert(destination.clone());
            }
        }
        ahead
    }
}

/// The highest offset in the batch's range that its destination holds, once no insert runs there:
/// a restored ledger does not know of inserts that are still running.
async fn highest(
    warehouse: &Warehouse,
    batch: &InsertBatch,
    since: DateTime<Utc>,
) -> Option<Offset> {
    until_ok("read the highest offset in the tables", async || {
        warehouse.wait_until_no_insert_runs(batch).await?;
        warehouse.highest(batch, since).await
    })
    .await
}
