mod access;
mod files;
mod queue;

use bytes::Bytes;
use reqwest::{Method, header::HeaderMap};
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::eventually;
use uuid::Uuid;

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

const LIST: &str = "/v1/reports";

/// Two orders of campaigns of different advertisers.
async fn seed(stand: &Stand) {
    let order = |campaign: &str, revenue: u32| {
        json!({
            "type": "purchase", "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign,
            "revenue": revenue.to_string(), "currency": "EUR",
        })
    };
    insert(stand, [order("spring", 7), order("winter", 70)]).await;
}

fn query() -> Value {
    json!({
        "metrics": ["sales", "orders"], "dimensions": ["campaign"], "format": "csv",
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
    })
}

fn events() -> Value {
    json!({"time": {"from": "2026-03-02", "to": "2026-03-03"}, "format": "ndjson"})
}

/// Queues a job. Returns the path to it.
async fn queued(stand: &Stand, credential: &str, kind: &str, request: Value) -> String {
    let order = json!({"kind": kind, "request": request});
    let queued = stand.post(LIST, Some(credential), order).await;
    assert_eq!(queued.status, 202, "{}", queued.body);
    let path = queued.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(path, format!("{LIST}/{}", queued.body["id"].as_str().unwrap()));
    path
}

/// Waits until a job has reached a state in which it stays. Returns it.
pub(crate) async fn ended(stand: &Stand, path: &str, credential: &str) -> Value {
    eventually("the job has ended", async || {
        let job = stand.get(path, credential).await.body;
        (!matches!(job["state"].as_str(), Some("queued" | "running"))).then_some(job)
    })
    .await
}

/// Returns the file of a job, and its headers.
pub(crate) async fn file(stand: &Stand, path: &str, credential: &str) -> (HeaderMap, Bytes) {
    let request = stand.request(Method::GET, &format!("{path}/download"), Some(credential));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    (response.headers().clone(), response.bytes().await.unwrap())
}

async fn download(stand: &Stand, path: &str, credential: &str) -> Answer {
    stand.get(&format!("{path}/download"), credential).await
}

/// Connects as an operator would, past row-level security.
async fn database(stand: &Stand) -> PgPool {
    PgPool::connect(stand.database.url()).await.unwrap()
}

/// Runs a statement about one job.
async fn change(stand: &Stand, path: &str, statement: &'static str) {
    let mut transaction = database(stand).await.begin().await.unwrap();
    sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    let changed = sqlx::query(statement).bind(id).execute(&mut *transaction).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    transaction.commit().await.unwrap();
}
