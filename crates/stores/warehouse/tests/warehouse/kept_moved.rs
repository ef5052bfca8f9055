//! Kept rollups of a tenant that is moved.

use chrono::{NaiveDate, TimeDelta};
use metrics::{Counter, Filter};
use tenancy::{Isolation, TenantRecord};
use testkit::{eventually, tenant_context, tenant_record};
use warehouse::{KeptDays, KeptTally};

use crate::{
    kept::{expired, keep, midnight},
    moving::Move,
    reports::{assorted, by_hours},
    shop::Shop,
};

impl Move {
    /// Keeps the rollups of the first of March, and of the second.
    async fn keep_two_days(&self) {
        let shop = &self.shop;
        shop.insert(0, (0..120).map(assorted).collect()).await;
        for day in expired(shop, midnight() + TimeDelta::days(1)).await {
            assert!(keep(shop, day).await);
        }
    }

    /// Returns what each side has of every kept day.
    async fn sides(&self) -> [Vec<(NaiveDate, KeptTally)>; 2] {
        let (warehouse, id) = (&self.shop.warehouse, self.shop.context.client_id());
        let source = warehouse.kept_tallies(&self.source, id).await.unwrap();
        let target = warehouse.kept_tallies(&self.target, id).await.unwrap();
        [source, target].map(|side| side.into_iter().collect())
    }

    async fn copy_day(&self, day: u32) -> bool {
        let Self { shop, source, target, .. } = self;
        let id = shop.context.client_id();
        let names = format!("move:{id}:");
        shop.warehouse.copy_kept_day(source, target, id, march(day), &names).await.unwrap()
    }

    /// Changes the target.
    async fn change(&self, statement: &str) {
        let statement = statement.replace("TARGET", &self.target.database);
        let writer = self.shop.writer().with_setting("mutations_sync", "1");
        writer.query(&statement).execute().await.unwrap();
    }

    /// Counts the events of a report that reads the target, where no rows are.
    async fn events_in_target(&self) -> u64 {
        let record = tenant_record(self.shop.context.client_id());
        let context = tenant_context(TenantRecord { placement: self.to.clone(), ..record }).await;
        let reports = self.shop.warehouse.for_tenant(&context);
        let kept = reports.kept_days().await.unwrap();
        let until = midnight() + TimeDelta::days(1);
        assert_eq!(kept, Some(KeptDays { until, has_rows: false }));
        let everything = Filter::EVERYTHING;
        let cells = reports.with_kept_days(kept).cells(&by_hours(&[], &everything)).await.unwrap();
        cells.values().map(|sums| sums.count(Counter::Events)).sum()
    }
}

fn march(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, day).unwrap()
}

#[tokio::test]
async fn kept_rollups_are_the_same_in_the_target_and_the_source_loses_them() {
    for (isolation, cluster) in [(Isolation::Schema, "shared"), (Isolation::Dedicated, "dedicated")]
    {
        let moving = Move::to(isolation, cluster).await;
        moving.keep_two_days().await;
        let neighbour = Shop::open(Isolation::Shared).await;
        neighbour.insert(0, (0..60).map(assorted).collect()).await;
        for day in expired(&neighbour, midnight()).await {
            assert!(keep(&neighbour, day).await);
        }
        for day in [1, 2] {
            assert!(moving.copy_day(day).await);
        }
        let [source, target] = moving.sides().await;
        assert_eq!(target, source);
        assert_eq!(source.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [march(1), march(2)]);
        assert!(source.iter().all(|(_, tally)| tally.sums > 0));
        assert_eq!(moving.events_in_target().await, 120);

        let (warehouse, id) = (&moving.shop.warehouse, moving.shop.context.client_id());
        let placement = moving.shop.context.placement();
        eventually("the source is cleaned", async || {
            warehouse.erase_tenant(placement, id).await.unwrap();
            let rows = warehouse.rows_of_tenant(placement, id).await.unwrap();
            rows.is_empty().then_some(())
        })
        .await;
        let [source, _] = moving.sides().await;
        assert!(source.is_empty(), "{source:?}");
        assert_eq!(moving.events_in_target().await, 120);
        let (placement, id) = (neighbour.context.placement(), neighbour.context.client_id());
        assert!(warehouse.rows_of_tenant(placement, id).await.unwrap().rollup_rows > 0);
        moving.close().await;
    }
}

#[tokio::test]
async fn a_kept_day_counts_once_in_the_target_however_often_it_is_copied() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    moving.keep_two_days().await;
    for _ in 0..3 {
        assert!(moving.copy_day(1).await && moving.copy_day(2).await);
    }
    // As a copy that was killed, or is late, leaves it.
    let unmarked = "INSERT INTO TARGET.kept_rollups \
                    SELECT * REPLACE (generateUUIDv4() AS attempt) FROM TARGET.kept_rollups";
    moving.change(unmarked).await;
    let [source, target] = moving.sides().await;
    assert_eq!(target, source);
    assert_eq!(moving.events_in_target().await, 120);
    moving.close().await;
}

#[tokio::test]
async fn a_kept_day_that_is_doubled_changed_or_on_one_side_only_differs_and_is_replaced() {
    let moving = Move::to(Isolation::Schema, "shared").await;
    moving.keep_two_days().await;
    let copy = async || assert!(moving.copy_day(1).await && moving.copy_day(2).await);
    copy().await;
    for change in [
        "INSERT INTO TARGET.kept_rollups SELECT * FROM TARGET.kept_rollups LIMIT 1",
        "ALTER TABLE TARGET.kept_rollups UPDATE units = units + 1 WHERE rollup = 'product'",
        "ALTER TABLE TARGET.kept_rollups DELETE WHERE true",
        "ALTER TABLE TARGET.kept_days DELETE WHERE received_on = '2026-03-02'",
    ] {
        moving.change(change).await;
        let [source, target] = moving.sides().await;
        assert_ne!(target, source, "{change}");
        copy().await;
        let [source, target] = moving.sides().await;
        assert_eq!(target, source, "{change}");
        assert_eq!(moving.events_in_target().await, 120, "{change}");
    }
    let shop = &moving.shop;
    let id = shop.context.client_id();
    assert!(shop.warehouse.expire_kept_rollups(&moving.source, id, midnight()).await.unwrap());
    eventually("the source has one day less", async || {
        (moving.sides().await[0].len() == 1).then_some(())
    })
    .await;
    copy().await;
    let [source, target] = moving.sides().await;
    assert_eq!(target, source);
    moving.close().await;
}
