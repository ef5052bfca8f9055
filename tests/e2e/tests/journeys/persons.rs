//! Persons who are erased, everywhere and for good.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier, eventually};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::tables::Tables;

/// A text that is only in the events of the person.
const ANN: &str = "canary-of-ann";

/// Prepares a platform on which an erasure does not wait for the counters of the one before.
pub(crate) async fn platform() -> Platform {
    let mut platform = Platform::prepare().await;
    platform.set("FOOTFALL__PROCESSOR__RECOUNT_PAUSE_SECONDS", "0");
    platform.restart().await;
    platform.wait_until_up_to_date().await;
    platform
}

fn events(visitor: &str, count: usize) -> Value {
    let event = |number| {
        json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": visitor,
            "event_id": Uuid::now_v7(), "url": format!("https://shop.example/{visitor}/{number}")})
    };
    json!((0..count).map(event).collect::<Vec<_>>())
}

/// Returns the receipt of an erasure, once everything is erased.
pub(crate) async fn receipt(platform: &Platform, tenant: &Tenant, id: &str) -> Value {
    let began = Instant::now();
    loop {
        let path = format!("/v1/privacy/erasures/{id}");
        let shown = platform.get(&tenant.owner, &path).await.expect(200).json();
        if shown["state"] == "erased" {
            let text = shown["receipt"]["text"].as_str().unwrap();
            assert!(!text.contains(ANN), "{text}");
            return serde_json::from_str(text).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(240), "not erased: {shown}");
        sleep(Duration::from_millis(500)).await;
    }
}

/// Returns the impressions that a query counts in ClickHouse.
async fn stored(platform: &Platform, tenant: &Tenant) -> u64 {
    let query = json!({"metrics": ["impressions", "visitors"], "dimensions": ["campaign"]});
    let answer = platform.post(&tenant.owner, "/v1/query", &query).await.expect(200).json();
    answer["totals"]["values"]["impressions"].as_u64().unwrap_or_default()
}

/// Waits until ClickHouse has so many impressions: live counters, which Redis has, may be ahead.
async fn wait_until_stored(platform: &Platform, tenant: &Tenant, count: u64) {
    eventually("the rows are stored", async || {
        (stored(platform, tenant).await == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_erased_person_is_gone_from_every_store_and_stays_gone() {
    let platform = platform().await;
    let began = Utc::now() - TimeDelta::minutes(5);
    for tier in [Tier::Shared, Tier::Schema] {
        let tenant = platform.onboard(tier).await;
        let ann = events(ANN, 20);
        platform.collect(&tenant.collect_key, &ann).await.expect(202);
        platform.collect(&tenant.collect_key, &events("bob", 30)).await.expect(202);
        let refused = json!([{"type": 17, "anonymousId": ANN}, {"type": "page_view"}]);
        platform.collect(&tenant.collect_key, &refused).await.expect(202);
        platform.wait_for_count(&tenant, "spring", "impressions", 50).await;
        eventually("the reject is stored", async || {
            let listed = platform.get(&tenant.owner, "/v1/rejects").await.expect(200).json();
            (listed["data"].as_array().unwrap().len() == 1).then_some(())
        })
        .await;
        let order = json!({"kind": "events", "request": {}});
        let job = platform.post(&tenant.owner, "/v1/reports", &order).await.expect(202).json();
        let job = format!("/v1/reports/{}", job["id"].as_str().unwrap());
        eventually("the report has a file", async || {
            let shown = platform.get(&tenant.owner, &job).await.expect(200).json();
            (shown["state"] == "done").then_some(())
        })
        .await;

        let persons = json!({"visitors": [ANN]});
        let begun = platform.post(&tenant.owner, "/v1/privacy/erase", &persons).await.expect(202);
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        let receipt = receipt(&platform, &tenant, &id).await;
        let erased = &receipt["erased"];
        assert_eq!(erased["clickhouse"]["event_rows"], 20, "{receipt}");
        assert_eq!(erased["clickhouse"]["rejects"], 1, "{receipt}");
        assert_eq!(erased["archive"]["records"], 20, "{receipt}");
        assert_eq!(erased["report_files"]["files"], 1, "{receipt}");
        assert!(erased["redis"]["keys"].as_u64().unwrap() > 0, "{receipt}");

        platform.wait_for_count(&tenant, "spring", "impressions", 30).await;
        assert_eq!(stored(&platform, &tenant).await, 30);
        platform.get(&tenant.owner, &format!("{job}/download")).await.expect(410);
        let listed = platform.get(&tenant.owner, "/v1/rejects").await.expect(200).json();
        assert_eq!(listed["data"], json!([]));
        let export = platform.post(&tenant.owner, "/v1/privacy/export", &persons).await;
        assert_eq!(export.expect(200).text, "");
        let check = ["privacy", "check", "--tenant", &tenant.id, &id];
        let checked = platform.run(&check);
        assert!(checked.contains("archive"), "{checked}");

        // What was sent before is sent again, as a file of history would be: nothing of it comes back.
        platform.collect(&tenant.import_key, &ann).await.expect(202);
        let mut early = events(ANN, 5);
        for event in early.as_array_mut().unwrap() {
            event["event_time"] = json!(began);
        }
        platform.collect(&tenant.import_key, &early).await.expect(202);
        let from = began.to_rfc3339();
        let to = (Utc::now() + TimeDelta::minutes(5)).to_rfc3339();
        platform.run(&["backfill", "--tenant", &tenant.id, "--from", &from, "--to", &to]);
        platform.run(&["reconcile", "--full"]);
        // The person comes back.
        platform.collect(&tenant.collect_key, &events(ANN, 2)).await.expect(202);
        platform.wait_for_count(&tenant, "spring", "impressions", 32).await;
        wait_until_stored(&platform, &tenant, 32).await;
        platform.run(&check);
    }
    platform.run(&["audit-log", "verify"]);
}

#[tokio::test]
async fn an_erasure_that_begins_again_erases_what_a_copy_of_the_tables_had() {
    let platform = platform().await;
    let tenant = platform.onboard(Tier::Schema).await;
    platform.collect(&tenant.collect_key, &events(ANN, 10)).await.expect(202);
    platform.collect(&tenant.collect_key, &events("bob", 10)).await.expect(202);
    wait_until_stored(&platform, &tenant, 20).await;
    let tables = Tables::of(&tenant);
    tables.run("CREATE TABLE copy AS events").await;
    tables.run("INSERT INTO copy SELECT * FROM events").await;

    let persons = json!({"visitors": [ANN]});
    let begun = platform.post(&tenant.owner, "/v1/privacy/erase", &persons).await.expect(202);
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    receipt(&platform, &tenant, &id).await;
    assert_eq!(stored(&platform, &tenant).await, 10);
    tables.run("INSERT INTO events SELECT * FROM copy WHERE visitor_id != 'bob'").await;
    tables.run("DROP TABLE copy SYNC").await;
    let path = format!("/v1/privacy/erasures/{id}/check");
    let found = platform.get(&tenant.owner, &path).await.expect(200).json();
    assert_eq!(found["event_rows"], 10, "the copy is there");

    let again = platform.run(&["privacy", "erase-again", "--tenant", &tenant.id]);
    assert!(again.contains("that begin again: 1"), "{again}");
    let second = receipt(&platform, &tenant, &id).await;
    assert_eq!(second["erased"]["clickhouse"]["event_rows"], 10, "{second}");
    assert_eq!(second["earlier_receipts_sha256"].as_array().unwrap().len(), 1, "{second}");
    assert_eq!(stored(&platform, &tenant).await, 10);
    platform.run(&["privacy", "check", "--tenant", &tenant.id, &id]);
    platform.run(&["reconcile", "--full"]);
}

#[tokio::test]
async fn live_counters_are_computed_again_for_a_person_without_rows_too() {
    let platform = platform().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.collect(&tenant.collect_key, &events("bob", 10)).await.expect(202);
    wait_until_stored(&platform, &tenant, 10).await;
    platform.wait_for_count(&tenant, "spring", "impressions", 10).await;

    // Counters may have events of hers that came while PostgreSQL was unavailable, and the tables have none.
    let persons = json!({"visitors": [ANN]});
    let begun = platform.post(&tenant.owner, "/v1/privacy/erase", &persons).await.expect(202);
    let receipt = receipt(&platform, &tenant, begun.json()["id"].as_str().unwrap()).await;
    assert_eq!(receipt["erased"]["clickhouse"]["event_rows"], 0, "{receipt}");
    assert!(receipt["erased"]["redis"]["keys"].as_u64().unwrap() > 0, "{receipt}");
    platform.wait_for_count(&tenant, "spring", "impressions", 10).await;
}
