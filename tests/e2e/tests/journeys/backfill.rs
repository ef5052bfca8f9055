//! An operator refills an emptied table from the log, and reconciles to prove that it is right.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier};
use uuid::Uuid;

use crate::agreement::Stores;

/// Empties a tenant's own events table.
pub(crate) async fn empty(tenant: &Tenant) {
    let cluster: Value = testkit::cluster("shared");
    let text = |field: &str| cluster[field].as_str().unwrap().to_owned();
    let table = format!("tenant_{}.events", tenant.id.replace('-', "_"));
    let answer = Client::new()
        .post(text("url"))
        .header("X-ClickHouse-User", text("writer_user"))
        .header("X-ClickHouse-Key", text("writer_password"))
        .body(format!("TRUNCATE TABLE {table}"))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

fn events(at: DateTime<Utc>) -> Value {
    let event = |_| {
        json!({"type": "ad_impression", "campaign_id": "spring", "event_time": at,
            "cost": "0.25", "event_id": Uuid::now_v7()})
    };
    json!((0..50).map(event).collect::<Vec<_>>())
}

#[tokio::test]
async fn an_emptied_table_is_backfilled_and_a_reconciliation_finds_no_difference() {
    let platform = Platform::start_without_processor().await;
    let tenant = platform.onboard(Tier::Schema).await;
    let began = Utc::now();
    let mut processor = platform.spawn(&["processor"]);
    let sent = events(began);
    for _ in 0..2 {
        platform.collect(&tenant.collect_key, &sent).await.expect(202);
    }
    platform.wait_for_count(&tenant, "spring", "impressions", 50).await;
    let stores = Stores::of(&platform).await;
    stores.agree(&tenant, "spring").await;
    let before = stores.stored(&tenant, "spring", 24).await;
    // Only the operator is to repair the table.
    processor.kill();
    empty(&tenant).await;
    assert!(stores.stored(&tenant, "spring", 24).await.is_empty());

    let from = began - TimeDelta::minutes(5);
    let to = Utc::now() + TimeDelta::minutes(5);
    let from = from.to_rfc3339();
    let to = to.to_rfc3339();
    let backfill = ["backfill", "--tenant", &tenant.id, "--from", &from, "--to", &to];
    let dry = platform.run(&[&backfill[..], &["--dry-run"]].concat());
    assert!(dry.contains("nothing was changed; 50 rows would be repaired"), "{dry}");
    assert!(stores.stored(&tenant, "spring", 24).await.is_empty());

    let first = platform.run(&backfill);
    assert!(first.contains("50 rows repaired"), "{first}");
    assert_eq!(stores.stored(&tenant, "spring", 24).await, before);
    let second = platform.run(&backfill);
    assert!(second.contains("\n0 rows repaired"), "{second}");
    assert_eq!(stores.stored(&tenant, "spring", 24).await, before);

    let report = platform.run(&["reconcile", "--full"]);
    assert!(report.lines().next().unwrap().starts_with("tables"), "{report}");
    let _processor = platform.spawn(&["processor"]);
    stores.agree(&tenant, "spring").await;
}
