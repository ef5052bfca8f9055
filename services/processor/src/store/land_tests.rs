//! What a doubtful batch comes to, on a real ClickHouse.

use std::sync::Arc;

use chrono::{SubsecRound, Utc};
use events::{Admission, parse};
use serde_json::json;
use tenancy::TenantContext;
use testkit::{tenant_context, tenant_record};
use uuid::Uuid;
use warehouse::{Coordinates, EventRow, InsertBatch, Warehouse};

use super::{Landing, Load, settle};

async fn tenant() -> TenantContext {
    let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
    tenant_context(tenant_record(&client_id)).await
}

fn warehouse() -> Warehouse {
    Warehouse::new([("shared".parse().unwrap(), testkit::cluster("shared"))])
}

/// Ten events of one tenant, at the offsets 0 to 9 of a log of their own.
#[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
async fn load(warehouse: &Warehouse) -> (InsertBatch, Load) {
    let tenant = tenant().await;
    let destination = tenant.destination().clone();
    warehouse.migrate(&destination).await.unwrap();
    let logged_at = Utc::now().trunc_subsecs(3);
    let admission = Admission {
        received_at: logged_at,
        sent_at: None,
        clamp_past: true,
        currency: tenant.currency(),
    };
    let raw = json!({"type": "ad_impression", "campaign_id": "spring"}).to_string();
    let rows = (0..10).flat_map(|offset| {
        let event = Arc::new(parse(raw.as_bytes(), &admission).unwrap());
        EventRow::lines(event, Coordinates { offset, logged_at }).collect::<Vec<_>>()
    });
    let load = Load { destination: destination.clone(), rows: vec![tenant.scope(rows.collect())] };
    let random = Uuid::now_v7();
    let batch = InsertBatch {
        kgen: u16::from_be_bytes([random.as_bytes()[14], random.as_bytes()[15]]),
        topic: random.to_string(),
        partition: 0,
        first: 0,
        last: 9,
        destination,
        repair: 0,
    };
    (batch, load)
}

async fn settled(landed: impl Fn(&EventRow) -> bool) -> (Landing, Vec<(u64, u8)>) {
    let warehouse = warehouse();
    let (batch, load) = load(&warehouse).await;
    let logged = load.rows[0].value().iter().map(|row| row.coordinates().logged_at);
    let logged = logged.clone().min().unwrap()..=logged.max().unwrap();
    let part =
        load.rows[0].as_ref().map(|rows| rows.iter().filter(|row| landed(row)).cloned().collect());
    warehouse.insert(&batch, &[part]).await.unwrap();
    let landing = settle(&warehouse, batch.clone(), &load, &logged).await;
    (landing, warehouse.present(&batch, logged).await.unwrap())
}

fn every_row_once() -> Vec<(u64, u8)> {
    (0..10).map(|offset| (offset, 0)).collect()
}

#[tokio::test]
async fn a_batch_that_landed_whole_is_left_as_it_is() {
    assert_eq!(settled(|_| true).await, (Landing::Doubtful, every_row_once()));
}

#[tokio::test]
async fn a_batch_that_was_never_sent_is_sent() {
    assert_eq!(settled(|_| false).await, (Landing::Doubtful, every_row_once()));
}

#[tokio::test]
async fn what_a_token_hides_is_found_missing_and_inserted() {
    // The token is known to the server, so the whole batch under it is dropped as a repetition,
    // though only three of its rows are there.
    let (landing, present) = settled(|row| row.coordinates().offset < 3).await;
    assert_eq!((landing, present), (Landing::Repaired, every_row_once()));
}
