//! The main journey, the same in every tier.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier};
use uuid::Uuid;

use crate::agreement::Stores;

/// Returns the events of one visit, for the campaign `spring`.
fn visit() -> Vec<Value> {
    let at = Utc::now() - TimeDelta::minutes(2);
    let event = |kind: &str, more: Value| {
        let mut event = json!({
            "type": kind, "event_id": Uuid::now_v7(), "event_time": at, "visitor_id": "v1",
            "campaign_id": "spring",
        });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    vec![
        event("ad_impression", json!({"cost": "0.002"})),
        event("ad_impression", json!({"cost": "0.002"})),
        event("ad_viewable", json!({})),
        event("ad_click", json!({"cost": "0.35"})),
        event("product_view", json!({"product_id": "p1", "brand": "acme"})),
        event("add_to_cart", json!({"product_id": "p1"})),
        event(
            "purchase",
            json!({"order_id": "o1", "revenue": "59.90", "items": [
                {"product_id": "p1", "quantity": 2, "price": "19.95"},
                {"product_id": "p2", "quantity": 1, "price": "20.00"}]}),
        ),
    ]
}

const TOTAL: &str = "/v1/campaigns/spring/metrics?granularity=total\
    &metrics=impressions,viewable_impressions,clicks,spend,product_views,add_to_carts,orders,units_sold,sales,ctr,cpc,roas,aov,cpo,visitors";

fn recent() -> String {
    let from = Utc::now() - TimeDelta::hours(3);
    let to = Utc::now() + TimeDelta::hours(1);
    format!("&from={}&to={}", stamp(from), stamp(to))
}

fn stamp(at: chrono::DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test]
async fn events_become_the_same_numbers_in_every_tier() {
    let platform = Platform::start().await;
    let stores = Stores::of(&platform).await;
    for tier in Tier::ALL {
        let tenant = platform.onboard(tier).await;
        let events = visit();
        let receipt =
            platform.collect(&tenant.collect_key, &json!(events)).await.expect(202).json();
        let outcomes: Vec<_> = receipt["outcomes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["outcome"].clone())
            .collect();
        assert_eq!(outcomes, vec!["accepted"; events.len()], "{receipt}");

        platform.wait_for_count(&tenant, "spring", "orders", 1).await;
        // Visitors are counted in ClickHouse only, which follows Redis.
        platform.wait_for_count(&tenant, "spring", "visitors", 1).await;
        let answer =
            platform.get(&tenant.owner, &format!("{TOTAL}{}", recent())).await.expect(200).json();
        let totals = &answer["totals"];
        for (metric, expected) in [
            ("impressions", json!(2)),
            ("viewable_impressions", json!(1)),
            ("clicks", json!(1)),
            ("spend", json!("0.354")),
            ("product_views", json!(1)),
            ("add_to_carts", json!(1)),
            ("orders", json!(1)),
            ("units_sold", json!(3)),
            ("sales", json!("59.90")),
            ("ctr", json!(0.5)),
            ("cpc", json!("0.354")),
            ("aov", json!("59.90")),
            ("cpo", json!("0.354")),
            ("visitors", json!(1)),
        ] {
            assert_eq!(totals[metric], expected, "{tier:?}: {metric} of {answer}");
        }
        stores.agree(&tenant, "spring").await;
        the_series_is_that_of_a_query(&platform, &tenant).await;
    }
}

/// The series of a campaign, whose last hours are read in Redis, equals a query, which reads ClickHouse alone.
async fn the_series_is_that_of_a_query(platform: &Platform, tenant: &Tenant) {
    let now = Utc::now();
    let [from, to] = [now - TimeDelta::hours(2), now].map(stamp);
    let metrics = "impressions,viewable_impressions,clicks,ctr,spend,orders,units_sold,sales,roas";
    for (zone, granularity) in [
        ("Asia/Kolkata", "15m"),
        ("America/Santiago", "hour"),
        ("Australia/Lord_Howe", "day"),
        ("Europe/Berlin", "week"),
        ("UTC", "total"),
    ] {
        let path = format!(
            "/v1/campaigns/spring/metrics?from={from}&to={to}&tz={zone}&granularity={granularity}\
             &metrics={metrics}"
        );
        let series = platform.get(&tenant.read_key, &path).await.expect(200);
        let what = format!("{granularity} in {zone}");
        assert!(series.header("server-timing").contains("redis"), "{what}");
        let body = json!({
            "metrics": metrics.split(',').collect::<Vec<_>>(),
            "time": {"from": from, "to": to, "tz": zone, "granularity": granularity},
            "filters": {"dimension": "campaign", "in": ["spring"]},
        });
        let query = platform.client().post(platform.api("/v1/query")).bearer_auth(&tenant.read_key);
        let query: Value = query.json(&body).send().await.unwrap().json().await.unwrap();
        let series = series.json();
        assert_eq!(series["totals"], query["totals"]["values"], "{what}");
        let rows = query["rows"].as_array().unwrap().iter();
        let buckets: Vec<_> = rows
            .map(|row| {
                let mut bucket = row["values"].clone();
                bucket["start"] = row["start"].clone();
                bucket
            })
            .collect();
        assert_eq!(series["series"], json!(buckets), "{what}");
    }
}

#[tokio::test]
async fn a_resent_event_counts_once_in_both_stores() {
    let platform = Platform::start().await;
    let stores = Stores::of(&platform).await;
    let tenant = platform.onboard(Tier::Shared).await;
    let events = json!(visit());
    for _ in 0..3 {
        platform.collect(&tenant.collect_key, &events).await.expect(202);
    }
    // One more order: when it is counted, the duplicates have been processed.
    platform.collect(&tenant.collect_key, &json!(visit())).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "orders", 2).await;
    stores.agree(&tenant, "spring").await;
    let live = stores.live(&tenant, "spring", 4).await;
    let orders: u64 = live.values().map(|sums| sums.count(metrics::Counter::Orders)).sum();
    assert_eq!(orders, 2);
}

#[tokio::test]
async fn a_campaign_and_a_product_are_listed_after_the_first_event_that_names_them() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let event = json!([{"type": "product_view", "campaign_id": "never-declared", "product_id": "p-new", "brand": "b"}]);
    platform.collect(&tenant.collect_key, &event).await.expect(202);
    platform.wait_for_count(&tenant, "never-declared", "product_views", 1).await;

    let campaign =
        platform.get(&tenant.owner, "/v1/campaigns/never-declared").await.expect(200).json();
    assert_eq!(campaign["advertiser_id"], Value::Null, "{campaign}");
    let products = platform.get(&tenant.owner, "/v1/products").await.expect(200);
    assert!(products.text.contains("p-new"), "{}", products.text);

    platform.get(&tenant.advertiser, "/v1/campaigns/never-declared").await.expect(404);
    let assign = platform
        .client()
        .patch(platform.api("/v1/campaigns/never-declared"))
        .bearer_auth(&tenant.owner)
        .json(&json!({"advertiser_id": "brand"}));
    assert_eq!(assign.send().await.unwrap().status(), 200);
    platform.get(&tenant.advertiser, "/v1/campaigns/never-declared").await.expect(200);
}
