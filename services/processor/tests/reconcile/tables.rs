//! The batches of the ledger, and the rows that the tables hold of them.

use chrono::{TimeDelta, Utc};
use control_plane::{Batch, Group};
use events::CanonicalEvent;
use log::{LogRange, Offset, Partition};
use metrics::{Counter, Granularity, TimeRange};
use stream::{Entry, LogRecord};
use tenancy::TenantContext;
use warehouse::{BlockBuilder, Coordinates, EventBlock, InsertBatch, RowPlace};

use crate::stand::{PARTITIONS, Stand};

/// Inserts every row once more, without the columns that the server computes.
pub(crate) const COPY: &str =
    "INSERT INTO events (* EXCEPT referrer_host) SELECT * EXCEPT referrer_host FROM events";

impl Stand {
    /// Returns the done batches of a partition.
    pub(crate) async fn batches(&self, partition: Partition) -> Vec<Batch> {
        let ledger = self.dependencies.control_plane.ledger();
        ledger.done_batches(Group::Store, self.whole(partition).await).await.unwrap()
    }

    /// Returns the insert of a batch, as the store group sent it.
    pub(crate) async fn insert_of(
        &self,
        partition: Partition,
        batch: &Batch,
    ) -> (InsertBatch, EventBlock) {
        let range = self.whole(partition).await.with(batch.plan.first, batch.plan.last);
        let mut stream =
            self.reader().read_range(partition, range.first..range.next().offset).unwrap();
        let mut block = self.dependencies.warehouse.block(range.generation, range.partition);
        while let Some(found) = stream.next(1_000).await.unwrap() {
            for entry in found.entries {
                let Entry::Record(record) = entry else { panic!("{entry:?}") };
                let LogRecord { offset, log_time, payload, .. } = record.value();
                if batch.plan.skip.contains(*offset) {
                    continue;
                }
                let event = CanonicalEvent::read(payload.as_ref().unwrap()).unwrap();
                let at = Coordinates { offset: *offset, logged_at: *log_time };
                for line in BlockBuilder::lines(&event) {
                    block.push(&record.as_ref().map(|_| &event), at, line);
                }
            }
        }
        let destination = &batch.plan.destinations[0].destination;
        let insert = InsertBatch::of(range, &self.dependencies.kafka.events_topic, destination, 1);
        (insert, block.finish())
    }

    /// Returns the place of every row.
    pub(crate) async fn places(&self, tenant: &TenantContext) -> Vec<(Partition, RowPlace)> {
        let mut places = Vec::new();
        for partition in Partition::all(PARTITIONS) {
            let whole = self.whole(partition).await;
            let every_row = InsertBatch::of(whole, "", tenant.destination(), 1);
            let always = Utc::now() - TimeDelta::days(1)..=Utc::now() + TimeDelta::days(1);
            let present = self.dependencies.warehouse.present(&every_row, always).await.unwrap();
            places.extend(present.into_iter().map(|place| (partition, place)));
        }
        places
    }

    /// Returns the campaign's impressions in a report, which reads the projection.
    pub(crate) async fn impressions(&self, tenant: &TenantContext) -> u64 {
        let from = Utc::now() - TimeDelta::days(2);
        let to = Utc::now() + TimeDelta::days(1);
        let campaign = "spring".parse().unwrap();
        let range = TimeRange::covering(from, to).unwrap();
        let reports = self.dependencies.warehouse.for_tenant(tenant);
        let series = reports.campaign_series(&campaign, range, Granularity::Day, chrono_tz::UTC);
        series.await.unwrap().values().map(|sums| sums.count(Counter::Impressions)).sum()
    }

    /// Returns every offset of a partition that the stores can hold.
    pub(crate) async fn whole(&self, partition: Partition) -> LogRange {
        let generation = self.generation().await;
        LogRange { generation, partition, first: Offset::ZERO, last: Offset::new(u64::MAX >> 1) }
    }
}
