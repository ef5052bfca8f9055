//! Reports that are made in the background: exact, also if the api that makes them is killed.

use std::{fs, path::Path, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use testkit::{Answer, Platform, Process, Tenant, Tier, eventually, free_address};
use tokio::time::{Instant, sleep};

/// Orders of so many items: rows for a file of about 80 MB.
const ORDERS: usize = 800;
const ITEMS: usize = 100;
const BATCH: usize = 40;
/// How often an api is killed until it was in the middle of the file.
const TRIES: usize = 5;

/// Sends the orders, and waits until ClickHouse has them.
async fn seed(platform: &Platform, tenant: &Tenant, orders: usize, items: usize) {
    let padding = "x".repeat(400);
    let order = |number: usize| {
        let items: Vec<_> = (0..items)
            .map(|item| json!({"product_id": format!("p-{item}"), "quantity": 1, "price": "1.25"}))
            .collect();
        json!({
            "type": "purchase", "campaign_id": "spring", "order_id": format!("o-{number}"),
            "currency": "EUR", "revenue": "125.00", "items": items,
            "url": format!("https://shop.example/{padding}"),
        })
    };
    let numbers: Vec<_> = (0..orders).collect();
    for batch in numbers.chunks(BATCH) {
        let events: Vec<_> = batch.iter().map(|number| order(*number)).collect();
        platform.collect(&tenant.collect_key, &json!(events)).await.expect(202);
    }
    let query = json!({"metrics": ["orders"], "time": around_now()});
    eventually("ClickHouse has every order", async || {
        let answer = platform.post(&tenant.owner, "/v1/query", &query).await.expect(200).json();
        (answer["totals"]["values"]["orders"] == orders).then_some(())
    })
    .await;
}

/// Returns a range that does not depend on when a report is made.
fn around_now() -> Value {
    let now = Utc::now();
    json!({"from": now - TimeDelta::hours(6), "to": now + TimeDelta::hours(6)})
}

async fn job(platform: &Platform, tenant: &Tenant, id: &str) -> Value {
    platform.get(&tenant.read_key, &format!("/v1/reports/{id}")).await.expect(200).json()
}

/// Waits until a job has ended, also if it is taken over first. Returns it.
async fn ended(platform: &Platform, tenant: &Tenant, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let found = job(platform, tenant, id).await;
        if !matches!(found["state"].as_str(), Some("queued" | "running")) {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not end: {found}");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Downloads the file of a job, and compares it with its manifest.
async fn file(platform: &Platform, credential: &str, job: &Value) -> Answer {
    assert_eq!(job["state"], "done", "{job}");
    let path = format!("/v1/reports/{}/download", job["id"].as_str().unwrap());
    let file = platform.get(credential, &path).await.expect(200);
    let manifest = &job["manifest"];
    assert_eq!(manifest["bytes"], file.text.len());
    assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(&file.text)));
    file
}

/// Waits until the file of a job is half written, or it has ended.
async fn is_half_written(folder: &Path, platform: &Platform, tenant: &Tenant, id: &str) -> bool {
    loop {
        for _ in 0..100 {
            let files = fs::read_dir(folder).into_iter().flatten().flatten();
            // Before it is complete, its name ends with a number of the writer.
            let mut half = files.filter(|file| file.file_name().to_string_lossy().contains('#'));
            if half.any(|file| file.metadata().is_ok_and(|found| found.len() > 0)) {
                return true;
            }
            sleep(Duration::from_millis(2)).await;
        }
        let state = job(platform, tenant, id).await["state"].clone();
        if state != "queued" && state != "running" {
            return false;
        }
    }
}

/// Queues exports until an api was killed in the middle of one. Returns its id, and the next api.
async fn killed_in_the_middle(
    platform: &mut Platform,
    tenant: &Tenant,
    order: &Value,
    mut api: Process,
) -> (String, Process) {
    for _ in 0..TRIES {
        let asked = platform.post(&tenant.read_key, "/v1/reports", order).await.expect(202);
        let id = asked.json()["id"].as_str().unwrap().to_owned();
        let folder = platform.folder().join("archive/reports").join(&tenant.id).join(&id);
        let was_half_written = is_half_written(&folder, platform, tenant, &id).await;
        if was_half_written {
            api.kill();
            api = platform.spawn_as("api-next", &["api"], []);
            platform.wait_until_ready().await;
            // The claim of the killed one still holds.
            if job(platform, tenant, &id).await["state"] == "running" {
                return (id, api);
            }
        }
    }
    panic!("the api was faster in each of {TRIES} tries");
}

#[tokio::test]
async fn a_report_whose_api_is_killed_is_made_by_another_one() {
    let mut platform = Platform::prepare().await;
    let _others = [platform.spawn(&["collector"]), platform.spawn(&["processor"])];
    let first = platform.spawn(&["api"]);
    platform.wait_until_ready().await;
    let tenant = platform.onboard(Tier::Shared).await;
    seed(&platform, &tenant, ORDERS, ITEMS).await;
    let request = json!({"time": around_now(), "format": "ndjson"});
    let order = json!({"kind": "events", "request": request});
    let (id, _next) = killed_in_the_middle(&mut platform, &tenant, &order, first).await;
    let half = platform.get(&tenant.read_key, &format!("/v1/reports/{id}/download")).await;
    half.expect(404);

    let done = ended(&platform, &tenant, &id).await;
    assert_eq!(done["attempts"], 2, "{done}");
    let file = file(&platform, &tenant.read_key, &done).await;
    let at_once = platform.post(&tenant.read_key, "/v1/exports/events", &request).await.expect(200);
    let [made, answered] = [&file, &at_once].map(|answer| {
        // An export has no order.
        let mut lines: Vec<&str> = answer.text.lines().collect();
        lines.sort_unstable();
        lines
    });
    assert_eq!((made.len(), &done["manifest"]["rows"]), (ORDERS * ITEMS, &json!(ORDERS * ITEMS)));
    assert!(made == answered, "the file and the answer differ");
}

#[tokio::test]
async fn a_schedule_makes_one_job_and_its_file_however_many_apis_run() {
    let platform = Platform::start().await;
    let second = ("FOOTFALL__API__BIND", free_address());
    let mut other = platform.spawn_as("api-second", &["api"], [second]);
    let tenant = platform.onboard(Tier::Shared).await;
    seed(&platform, &tenant, 3, 2).await;
    let request = json!({
        "metrics": ["orders", "units_sold", "sales"], "dimensions": ["campaign", "product"],
        "time": around_now(), "format": "csv",
    });
    // The next minute that begins in more than a few seconds.
    let soon = (Utc::now() + TimeDelta::seconds(65)).with_timezone(&Berlin);
    let order = json!({
        "name": "Orders", "kind": "query", "request": request, "every": "day",
        "at": soon.format("%H:%M").to_string(),
    });
    let made = platform.post(&tenant.owner, "/v1/schedules", &order).await.expect(201).json();
    let next_run_at: DateTime<Utc> = made["next_run_at"].as_str().unwrap().parse().unwrap();
    let wait = next_run_at - Utc::now();
    assert!(wait < TimeDelta::seconds(66), "{made}");
    sleep(wait.to_std().unwrap_or_default()).await;

    let done = eventually("the job of the run is done", async || {
        let jobs = platform.get(&tenant.owner, "/v1/reports").await.expect(200).json();
        let first = jobs["data"].get(0)?.clone();
        (first["state"] == "done").then_some(first)
    })
    .await;
    assert_eq!((&done["schedule"], &done["due_at"]), (&made["id"], &made["next_run_at"]));
    let file = file(&platform, &tenant.owner, &done).await;
    let at_once = platform.post(&tenant.owner, "/v1/query", &request).await.expect(200);
    assert_eq!(file.text, at_once.text);
    let path = format!("/v1/schedules/{}", made["id"].as_str().unwrap());
    let after = platform.get(&tenant.owner, &path).await.expect(200).json();
    assert_eq!(after["last_run_at"], made["next_run_at"]);
    // Both apis have looked for due schedules since.
    sleep(Duration::from_secs(6)).await;
    let jobs = platform.get(&tenant.owner, "/v1/reports").await.expect(200).json();
    assert_eq!(jobs["data"].as_array().unwrap().len(), 1, "{jobs}");
    other.must_be_running();
}
