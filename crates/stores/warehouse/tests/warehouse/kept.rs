//! Rollups that outlive their rows.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{Asia::Kolkata, Europe::Berlin, Tz, UTC};
use events::EventType::AdClick;
use metrics::{Dimension, DimensionTest, EventTest, Filter, Granularity, Level, Sums, TextTest};
use tenancy::Isolation;
use testkit::eventually;
use warehouse::{Cell, CellQuery, ExpiredDay, KeptDays, KeptRollup};

use crate::{
    reports::{assorted, by_hours},
    shop::{Shop, at, event},
};

/// What a query by some dimensions is read from.
type Asked = (Vec<Dimension>, Filter<EventTest>, KeptRollup);

fn is_spring() -> Filter<EventTest> {
    let test = TextTest::In(vec!["spring-sale".to_owned()]);
    Filter::Test(DimensionTest { dimension: Dimension::Campaign, test }.into())
}

fn asked() -> Vec<Asked> {
    use Dimension::{
        Advertiser, Campaign, Country, Currency, DayOfWeek, Device, EventType, HourOfDay, Product,
        Referrer,
    };
    let everything = || Filter::EVERYTHING;
    vec![
        (vec![], is_spring(), KeptRollup::Campaign),
        (vec![Campaign, EventType], everything(), KeptRollup::Campaign),
        (vec![Advertiser, HourOfDay], everything(), KeptRollup::Campaign),
        (vec![Campaign, Currency], is_spring(), KeptRollup::Campaign),
        (vec![Device, Country], everything(), KeptRollup::Source),
        (vec![Referrer, DayOfWeek], everything(), KeptRollup::Source),
        (vec![Product, Currency], everything(), KeptRollup::Product),
    ]
}

/// Returns the cells of each query, by hours of zones of which one has a half hour, and in total.
async fn answers(
    shop: &Shop,
    kept: Option<KeptDays>,
    expected: impl Fn(KeptRollup) -> Option<KeptRollup>,
) -> Vec<BTreeMap<Cell, Sums>> {
    let reports = shop.warehouse.for_tenant(&shop.context).with_kept_days(kept);
    let mut answers = Vec::new();
    for (by, filter, rollup) in asked() {
        let is_of_products = by.contains(&Dimension::Product);
        let level = if is_of_products { Level::Product } else { Level::Event };
        let query = CellQuery { level, counts: !is_of_products, ..by_hours(&by, &filter) };
        let explained = reports.explain(&query).await.unwrap();
        assert_eq!(explained.kept_rollup, expected(rollup), "{by:?}");
        for (granularity, zone) in [
            (Granularity::Hour, UTC),
            (Granularity::QuarterHour, Berlin),
            (Granularity::Hour, Kolkata),
            (Granularity::Total, Tz::America__New_York),
        ] {
            let buckets = granularity.buckets(query.range, zone);
            let query = CellQuery { buckets, zone, ..query.clone() };
            let cells = reports.cells(&query).await.unwrap();
            assert!(!cells.is_empty(), "{by:?}");
            answers.push(cells);
        }
    }
    answers
}

/// Returns the days before a time, which are settled at once.
pub(crate) async fn expired(shop: &Shop, horizon: DateTime<Utc>) -> Vec<ExpiredDay> {
    let (destination, id) = (shop.context.destination(), shop.context.client_id());
    shop.warehouse.expired_days(destination, id, horizon, Duration::ZERO).await.unwrap()
}

pub(crate) async fn keep(shop: &Shop, day: ExpiredDay) -> bool {
    let (destination, id) = (shop.context.destination(), shop.context.client_id());
    shop.warehouse.keep_day(destination, id, day).await.unwrap()
}

pub(crate) async fn kept_days(shop: &Shop) -> Option<KeptDays> {
    shop.warehouse.for_tenant(&shop.context).kept_days().await.unwrap()
}

/// Deletes the rows that the log received before a time.
async fn delete_rows(shop: &Shop, horizon: DateTime<Utc>) {
    let (destination, id) = (shop.context.destination(), shop.context.client_id());
    assert!(shop.warehouse.expire(destination, id, horizon).await.unwrap());
    eventually("the rows are deleted", async || {
        expired(shop, horizon).await.is_empty().then_some(())
    })
    .await;
}

pub(crate) fn midnight() -> DateTime<Utc> {
    at("2026-03-02T00:00:00Z")
}

#[tokio::test]
async fn every_rollup_equals_its_rows_before_and_after_they_are_deleted_in_every_tier() {
    for isolation in Isolation::ALL {
        let shop = Shop::open(isolation).await;
        let neighbour = Shop::open(Isolation::Shared).await;
        neighbour.insert(0, (0..60).map(assorted).collect()).await;
        // The log received 60 of them on the first of March, and the others on later days.
        shop.insert(0, (0..3_000).map(assorted).collect()).await;
        let of_rows = answers(&shop, None, |_| None).await;
        let [day] = expired(&shop, midnight()).await[..] else { panic!("not one day") };
        let start = at("2026-03-01T00:00:00Z");
        assert_eq!(day, ExpiredDay { start, is_kept: false, is_settled: false });
        assert_eq!(kept_days(&shop).await, None);

        assert!(keep(&shop, day).await);
        let kept = kept_days(&shop).await;
        assert_eq!(kept, Some(KeptDays { until: midnight(), has_rows: true }));
        assert_eq!(answers(&shop, kept, Some).await, of_rows, "{isolation:?}");
        assert_eq!(answers(&shop, None, |_| None).await, of_rows, "who has not heard of it");

        delete_rows(&shop, midnight()).await;
        let alone = kept_days(&shop).await;
        assert_eq!(alone, Some(KeptDays { until: midnight(), has_rows: false }));
        assert_eq!(answers(&shop, kept, Some).await, of_rows, "{isolation:?}");
        assert_eq!(answers(&shop, alone, Some).await, of_rows, "{isolation:?}");
        assert_ne!(answers(&shop, None, |_| None).await, of_rows, "rows are deleted");
        assert_eq!(kept_days(&neighbour).await, None);
        assert_eq!(expired(&neighbour, midnight()).await.len(), 1);
        shop.close().await;
    }
}

#[tokio::test]
async fn a_query_whose_rows_are_gone_is_read_by_its_projection_again() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, (0..20_000).map(assorted).collect()).await;
    let [day] = expired(&shop, midnight()).await[..] else { panic!("not one day") };
    assert!(keep(&shop, day).await);
    let filter = is_spring();
    let query = by_hours(&[], &filter);
    let rollup = async || {
        let reports = shop.warehouse.for_tenant(&shop.context);
        let kept = reports.kept_days().await.unwrap();
        reports.with_kept_days(kept).explain(&query).await.unwrap().rollup
    };
    assert_eq!(rollup().await, None, "no projection knows when the log received a row");
    delete_rows(&shop, midnight()).await;
    assert_eq!(rollup().await.as_deref(), Some("campaign_quarters"));
    shop.close().await;
}

#[tokio::test]
async fn a_day_counts_once_however_often_it_is_kept_and_not_without_its_mark() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, (0..60).map(assorted).collect()).await;
    let of_rows = answers(&shop, None, |_| None).await;
    let [day] = expired(&shop, midnight()).await[..] else { panic!("not one day") };
    for _ in 0..3 {
        assert!(keep(&shop, day).await);
    }
    // As an attempt that was killed before its mark leaves it.
    let unmarked = format!(
        "INSERT INTO {0}.kept_rollups SELECT * REPLACE (generateUUIDv4() AS attempt) FROM {0}.kept_rollups",
        shop.context.destination().database
    );
    shop.writer().query(&unmarked).execute().await.unwrap();
    delete_rows(&shop, midnight()).await;
    let kept = kept_days(&shop).await;
    assert_eq!(answers(&shop, kept, Some).await, of_rows);
    shop.close().await;
}

#[tokio::test]
async fn a_late_event_of_a_kept_day_counts_with_its_own_day_of_the_log() {
    let shop = Shop::open(Isolation::Schema).await;
    shop.insert(0, (0..60).map(assorted).collect()).await;
    let [day] = expired(&shop, midnight()).await[..] else { panic!("not one day") };
    assert!(keep(&shop, day).await);
    delete_rows(&shop, midnight()).await;
    let reports = async || {
        let rows = shop.warehouse.for_tenant(&shop.context);
        let kept = rows.kept_days().await.unwrap();
        rows.with_kept_days(kept)
    };
    let filter = is_spring();
    let query = CellQuery {
        buckets: Granularity::Total.buckets(by_hours(&[], &filter).range, UTC),
        ..by_hours(&[], &filter)
    };
    let events = async || {
        let cells = reports().await.cells(&query).await.unwrap();
        cells.values().map(|sums| sums.count(metrics::Counter::Events)).sum::<u64>()
    };
    let before = events().await;
    // The log receives it on the next day, about a time of which rollups are kept.
    shop.insert(60, vec![event(AdClick, "2026-03-01T12:00:00Z")]).await;
    assert_eq!(events().await, before + 1);
    let horizon = midnight() + TimeDelta::days(1);
    let [next] = expired(&shop, horizon).await[..] else { panic!("not one day") };
    assert!(keep(&shop, next).await);
    delete_rows(&shop, horizon).await;
    assert_eq!(events().await, before + 1);
    assert_eq!(kept_days(&shop).await.map(|kept| kept.until), Some(horizon));
    shop.close().await;
}

#[tokio::test]
async fn kept_rollups_expire_and_are_erased_with_their_tenant_alone() {
    let neighbour = Shop::open(Isolation::Shared).await;
    let shop = Shop::open(Isolation::Shared).await;
    for shop in [&shop, &neighbour] {
        shop.insert(0, (0..120).map(assorted).collect()).await;
        for day in expired(shop, midnight() + TimeDelta::days(1)).await {
            assert!(keep(shop, day).await);
        }
    }
    let (destination, id) = (shop.context.destination(), shop.context.client_id());
    let rows = async |shop: &Shop| {
        let (placement, id) = (shop.context.placement(), shop.context.client_id());
        shop.warehouse.rows_of_tenant(placement, id).await.unwrap().rollup_rows
    };
    let all = rows(&neighbour).await;
    assert_eq!(rows(&shop).await, all);
    assert!(shop.warehouse.expire_kept_rollups(destination, id, midnight()).await.unwrap());
    eventually("the rollups of a day are deleted", async || {
        (rows(&shop).await < all).then_some(())
    })
    .await;
    assert_eq!(
        kept_days(&shop).await.map(|kept| kept.until),
        Some(midnight() + TimeDelta::days(1))
    );
    eventually("the tenant is erased", async || {
        shop.warehouse.erase_tenant(shop.context.placement(), id).await.unwrap();
        let rows = shop.warehouse.rows_of_tenant(shop.context.placement(), id).await;
        rows.unwrap().is_empty().then_some(())
    })
    .await;
    assert_eq!(rows(&neighbour).await, all);
    assert_eq!(kept_days(&shop).await, None);
}

#[tokio::test]
async fn the_reader_account_sees_the_kept_rollups_of_the_tenant_it_names_and_no_other() {
    let shop = Shop::open(Isolation::Shared).await;
    shop.insert(0, (0..60).map(assorted).collect()).await;
    let [day] = expired(&shop, midnight()).await[..] else { panic!("not one day") };
    assert!(keep(&shop, day).await);
    for table in ["kept_rollups", "kept_days"] {
        let seen = async |named: Option<&str>| {
            let query = shop.reader().query(&format!("SELECT count() FROM {table}"));
            let query = match named {
                Some(named) => query.with_setting("log_comment", named),
                None => query,
            };
            query.fetch_one::<u64>().await.unwrap()
        };
        assert!(seen(Some(shop.context.client_id().as_str())).await > 0, "{table}");
        assert_eq!(seen(Some("another")).await, 0, "{table}");
        assert_eq!(seen(None).await, 0, "{table}");
    }
}
