//! What the archive and ClickHouse have of each event.

use std::collections::{BTreeMap, HashSet};

use reqwest::Client;
use serde_json::{Value, json};
use settings::Secret;
use testkit::{Platform, Tenant, eventually};
use uuid::Uuid;
use warehouse::ClusterSettings;

use super::meant::Accepted;
use crate::archive::LogAndArchive;

/// The archive has every field of each event. A duplicate that also went through the spool is a
/// separate record.
pub(super) async fn archive_agrees(platform: &Platform, events: &BTreeMap<Uuid, Accepted>) {
    let archived = LogAndArchive::of(platform).await.events().await;
    let ids: HashSet<_> = archived.iter().map(|event| event.event_id).collect();
    assert_eq!(ids.len(), events.len());
    for event in archived {
        let right = &events[&event.event_id];
        assert_eq!(json!(event), right.archived(), "{right:?}");
    }
}

/// ClickHouse has each event once, with a row for each item, and the right value in every column.
pub(super) async fn rows_agree(tenant: &Tenant, events: &BTreeMap<Uuid, Accepted>) {
    let right: Vec<_> = events.values().flat_map(|event| event.rows(&tenant.id)).collect();
    let statement = format!(
        "SELECT * EXCEPT (kgen, kpart, koff, received_at) FROM tenant_{}.events \
         ORDER BY toString(event_id), kline FORMAT JSONEachRow \
         SETTINGS output_format_json_quote_decimals = 1",
        tenant.id.replace('-', "_")
    );
    let rows = eventually("every event is in clickhouse", async || {
        let rows = ask(&statement).await;
        (rows.lines().count() >= right.len()).then_some(rows)
    })
    .await;
    assert_eq!(rows.lines().count(), right.len());
    for (row, right) in rows.lines().zip(right) {
        let mut row: Value = serde_json::from_str(row).unwrap();
        row["properties"] = serde_json::from_str(row["properties"].as_str().unwrap()).unwrap();
        assert_eq!(row, right);
    }
}

async fn ask(statement: &str) -> String {
    let ClusterSettings { url, writer_user, writer_password, .. } = testkit::cluster("dedicated");
    let request = Client::new().post(url).body(statement.to_owned());
    let request = request.basic_auth(writer_user, Some(Secret::expose(&writer_password)));
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}
