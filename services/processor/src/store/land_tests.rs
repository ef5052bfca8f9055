//! Completing a batch in doubt, on a real ClickHouse.

use chrono::{SubsecRound, Utc};
use clickhouse::Client;
use events::{ParseContext, parse};
use log::{LogRange, Offset, Partition};
use serde_json::json;
use stream::{Entry, Headers, LogRecord};
use tenancy::{Isolation, Placement, TenantContext};
use testkit::{tenant_context, tenant_record};
use uuid::Uuid;
use warehouse::{ClusterSettings, InsertBatch, RowPlace, Warehouse};

use super::{Landing, Load, Refused, Shipment};
use crate::{
    record::{Entries, Records},
    rows::Rows,
};

async fn tenant(isolation: Isolation) -> TenantContext {
    let client_id = format!("t-{}", Uuid::now_v7().as_u128() as u64).parse().unwrap();
    let mut record = tenant_record(&client_id);
    record.placement = Placement { isolation, ..record.placement };
    tenant_context(record).await
}

/// Ten events of one tenant, of the visitors `v0` to `v9`, at the offsets 0 to 9 of a log of their
/// own.
#[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
async fn shipment(isolation: Isolation) -> Shipment {
    let warehouse = Warehouse::new([("shared".parse().unwrap(), testkit::cluster("shared"))]);
    let tenant = tenant(isolation).await;
    let destination = tenant.destination().clone();
    warehouse.migrate(&destination).await.unwrap();
    let logged_at = Utc::now().trunc_subsecs(3);
    let context = ParseContext::new(tenant.client_id(), tenant.currency(), logged_at);
    let entry = |offset: u64| {
        let raw = json!({"type": "page_view", "visitor_id": format!("v{offset}")}).to_string();
        let event = parse(raw.as_bytes(), &context).unwrap().event;
        Entry::Record(tenant.scope(LogRecord {
            partition: Partition::new(0),
            offset: offset.into(),
            log_time: logged_at,
            key: None,
            headers: Headers::default(),
            payload: Some(serde_json::to_vec(&event).unwrap().into()),
        }))
    };
    let entries = Entries::new((0..10).map(entry).collect());
    let mut rows = Rows::of(&entries);
    for record in Records::unchecked(entries).iter() {
        rows.add(&record);
    }
    let random = Uuid::now_v7();
    let generation = u16::from_be_bytes([random.as_bytes()[14], random.as_bytes()[15]]);
    let range = LogRange::new(generation, 0, 0, 9);
    let batch = InsertBatch::of(range, &random.to_string(), &destination, 1);
    let block = rows.encode(&warehouse, range.start()).await;
    let load = Load { destination, rows, block };
    Shipment { warehouse, batch, load, logged: logged_at..=logged_at, limit: 100 }
}

/// Events for tables of their own that do not accept all of them.
struct Picky {
    shipment: Shipment,
    client: Client,
}

/// A client of a shipment's tables that bypasses the product.
fn client(shipment: &Shipment) -> Client {
    let cluster: ClusterSettings = testkit::cluster("shared");
    Client::default()
        .with_url(&cluster.url)
        .with_user(&cluster.writer_user)
        .with_password(cluster.writer_password.expose())
        .with_database(&shipment.batch.destination.database)
}

impl Picky {
    async fn new(refuses: &str) -> Self {
        let shipment = shipment(Isolation::Schema).await;
        let picky = Self { client: client(&shipment), shipment };
        picky.run(&format!("ALTER TABLE events ADD CONSTRAINT picky CHECK NOT ({refuses})")).await;
        picky
    }

    /// The tables accept every row from now on.
    async fn take_everything(&self) {
        self.run("ALTER TABLE events DROP CONSTRAINT picky").await;
    }

    async fn drop(self) {
        let database = &self.shipment.batch.destination.database;
        self.run(&format!("DROP DATABASE {database}")).await;
    }

    async fn run(&self, sql: &str) {
        self.client.query(sql).execute().await.unwrap();
    }
}

/// Inserts the rows that `landed` picks under the token of `batch`.
async fn insert(shipment: &Shipment, batch: &InsertBatch, landed: impl Fn(RowPlace) -> bool) {
    let rows = shipment.load.rows.only(landed);
    let block = rows.encode(&shipment.warehouse, batch.range.start()).await;
    shipment.warehouse.insert(batch, &block).await.unwrap();
}

async fn present(shipment: &Shipment) -> Vec<(u64, u8)> {
    let present = shipment.warehouse.present(&shipment.batch, shipment.logged.clone()).await;
    present.unwrap().into_iter().map(|RowPlace { offset, line }| (offset.get(), line)).collect()
}

async fn completed(landed: impl Fn(RowPlace) -> bool) -> (Landing, Vec<(u64, u8)>) {
    let shipment = shipment(Isolation::Shared).await;
    insert(&shipment, &shipment.batch, landed).await;
    let (landing, refused) = shipment.verify_and_complete().await;
    assert_eq!(refused, Refused::new());
    (landing, present(&shipment).await)
}

fn every_row_once() -> Vec<(u64, u8)> {
    (0..10).map(|offset| (offset, 0)).collect()
}

#[tokio::test]
async fn a_batch_that_landed_whole_is_left_as_it_is() {
    assert_eq!(completed(|_| true).await, (Landing::InDoubt, every_row_once()));
}

#[tokio::test]
async fn a_batch_that_was_never_sent_is_sent() {
    assert_eq!(completed(|_| false).await, (Landing::InDoubt, every_row_once()));
}

#[tokio::test]
async fn an_insert_in_doubt_counts_as_landed_only_once_its_rows_are_read_back() {
    let shipment = shipment(Isolation::Shared).await;
    // While a query has the insert's id, the server rejects the insert with an answer that leaves it in
    // doubt.
    let client = client(&shipment);
    // For twelve seconds.
    let namesake = "SELECT sleepEachRow(3) FROM numbers(4) SETTINGS max_block_size = 1";
    let namesake = client.query(namesake);
    let namesake = namesake.with_setting("query_id", shipment.batch.token());
    let namesake = async { namesake.execute().await.unwrap() };
    let land = async {
        testkit::eventually("the namesake runs", async || {
            shipment.warehouse.is_running(&shipment.batch).await.unwrap().then_some(())
        })
        .await;
        shipment.land().await
    };
    let ((), (landing, _)) = tokio::join!(namesake, land);
    assert_eq!((landing, present(&shipment).await), (Landing::InDoubt, every_row_once()));
}

#[tokio::test]
async fn rows_that_a_token_hides_are_found_missing_and_inserted() {
    // The server knows the token and drops every insert under it as a repetition, although only three
    // of its rows are stored.
    let (landing, present) = completed(|place| place.offset < Offset::new(3)).await;
    assert_eq!((landing, present), (Landing::Repaired, every_row_once()));
}

#[tokio::test]
async fn rows_that_came_under_tokens_of_other_bounds_are_not_sent_again() {
    // An owner whose marks the ledger has forgotten cut its batches like this.
    let shipment = shipment(Isolation::Shared).await;
    for (first, last) in [(0, 3), (4, 6)] {
        let range = LogRange::new(shipment.batch.range.generation.get(), 0, first, last);
        let other = InsertBatch { range, ..shipment.batch.clone() };
        let within = |place: RowPlace| range.contains(place.offset);
        insert(&shipment, &other, within).await;
    }
    shipment.verify_and_complete().await;
    assert_eq!(present(&shipment).await, every_row_once());
}

#[tokio::test]
async fn a_zombies_insert_that_comes_late_is_dropped_by_the_token() {
    let shipment = shipment(Isolation::Shared).await;
    shipment.verify_and_complete().await;
    insert(&shipment, &shipment.batch, |_| true).await;
    assert_eq!(present(&shipment).await, every_row_once());
}

#[tokio::test]
async fn a_failed_attempt_leaves_its_token_so_that_a_zombies_insert_is_dropped() {
    let shipment = shipment(Isolation::Schema).await;
    let client = client(&shipment);
    let run = async |sql: &str| client.query(sql).execute().await.unwrap();
    let range = shipment.batch.range.with(Offset::ZERO, Offset::new(2));
    let other = InsertBatch { range, ..shipment.batch.clone() };
    insert(&shipment, &other, |place| range.contains(place.offset)).await;
    let turned_away = async || {
        let sql = "SELECT sum(value) FROM system.events WHERE event = 'RejectedInserts'";
        client.query(sql).fetch_one::<u64>().await.unwrap()
    };
    let before = turned_away().await;
    run("ALTER TABLE events MODIFY SETTING parts_to_throw_insert = 1").await;
    let mend = async {
        testkit::eventually("an attempt failed", async || {
            (turned_away().await > before).then_some(())
        })
        .await;
        run("ALTER TABLE events RESET SETTING parts_to_throw_insert").await;
    };
    tokio::join!(shipment.verify_and_complete(), mend);
    insert(&shipment, &shipment.batch, |_| true).await;
    assert_eq!(present(&shipment).await, every_row_once());
    run(&format!("DROP DATABASE {}", shipment.batch.destination.database)).await;
}

#[tokio::test]
async fn doubled_rows_are_reported() {
    let shipment = shipment(Isolation::Shared).await;
    for repair in [0, 7] {
        let batch = InsertBatch { repair, ..shipment.batch.clone() };
        insert(&shipment, &batch, |_| true).await;
    }
    assert_eq!(shipment.verify_and_complete().await.0, Landing::Doubled);
}

fn every_row_but(refused: &Refused) -> Vec<(u64, u8)> {
    every_row_once()
        .into_iter()
        .filter(|(offset, _)| !refused.contains_key(&Offset::new(*offset)))
        .collect()
}

/// The server's code for a row that violates a constraint.
const VIOLATED: u32 = 469;

#[tokio::test]
async fn the_rows_that_the_server_refuses_are_found_and_all_others_land() {
    let picky = Picky::new("visitor_id IN ('v3', 'v7')").await;
    let two: Refused = [3, 7].map(|offset| (Offset::new(offset), VIOLATED)).into();
    let (landing, refused) = picky.shipment.land().await;
    assert_eq!((landing, &refused), (Landing::InDoubt, &two));
    assert_eq!(present(&picky.shipment).await, every_row_but(&two));
    // The first owner crashed before it wrote the new plan.
    let (_, again) = picky.shipment.verify_and_complete().await;
    assert_eq!(again, two);
    assert_eq!(present(&picky.shipment).await, every_row_but(&two));

    picky.take_everything().await;
    let (_, refused) = picky.shipment.verify_and_complete().await;
    assert_eq!(refused, Refused::new());
    assert_eq!(present(&picky.shipment).await, every_row_once());
    picky.drop().await;
}

#[tokio::test]
async fn a_server_that_refuses_every_row_is_not_asked_for_each() {
    let mut picky = Picky::new("1 = 1").await;
    picky.shipment.limit = 2;
    let (_, refused) = picky.shipment.land().await;
    assert_eq!(refused, Refused::from([0, 1].map(|offset| (Offset::new(offset), VIOLATED))));
    assert!(present(&picky.shipment).await.is_empty());
    picky.take_everything().await;
    assert_eq!(picky.shipment.verify_and_complete().await.1, Refused::new());
    assert_eq!(present(&picky.shipment).await, every_row_once());
    picky.drop().await;
}
