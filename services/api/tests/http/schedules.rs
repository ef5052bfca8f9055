use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use testkit::eventually;
use uuid::Uuid;

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

const LIST: &str = "/v1/schedules";

fn daily() -> Value {
    json!({
        "name": "Sales of yesterday", "kind": "query", "every": "day", "at": "07:30",
        "request": {"metrics": ["sales"], "format": "csv"}, "range": "last_day",
    })
}

/// Creates a schedule. Returns the path to it.
async fn created(stand: &Stand, credential: &str, order: Value) -> String {
    let made = stand.post(LIST, Some(credential), order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{LIST}/{}", made.body["id"].as_str().unwrap())
}

fn ids(answer: &Answer) -> usize {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["data"].as_array().unwrap().len()
}

/// Sets the next run of a schedule.
async fn set_next_run(stand: &Stand, path: &str, next_run_at: &str) {
    let database = PgPool::connect(stand.database.url()).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    sqlx::query("SELECT set_config('footfall.platform', 'on', true)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let id: Uuid = path.rsplit('/').next().unwrap().parse().unwrap();
    sqlx::query("UPDATE report_schedule SET next_run_at = $2::timestamptz WHERE schedule_id = $1")
        .bind(id)
        .bind(next_run_at)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[actix_web::test]
async fn missed_runs_make_one_job_of_the_last_complete_day() {
    let stand = Stand::new().await;
    insert(&stand, [json!({"type": "page_view", "event_time": "2026-03-02T10:00:00Z"})]).await;
    let analyst = stand.token("acme", "analyst").await;
    let path = created(&stand, &analyst, daily()).await;
    let before = stand.get(&path, &analyst).await.body;
    assert_eq!(before["last_run_at"], Value::Null);
    // Nothing ran for months.
    set_next_run(&stand, &path, "2026-03-03T06:30:00Z").await;
    let job = eventually("the job of the run is done", async || {
        let jobs = stand.get("/v1/reports", &analyst).await.body;
        let job = jobs["data"].get(0)?.clone();
        (job["state"] == "done").then_some(job)
    })
    .await;
    let after = stand.get(&path, &analyst).await.body;
    assert_eq!((&job["schedule"], &job["due_at"]), (&after["id"], &after["last_run_at"]));
    assert_eq!(after["next_run_at"], before["next_run_at"]);
    assert_eq!(job["asked_by"].as_str().unwrap().split(':').next(), Some("user"));
    let time = &job["request"]["time"];
    let day = |field: &str| time[field].as_str().unwrap().parse::<chrono::NaiveDate>().unwrap();
    assert_eq!(day("from").succ_opt(), Some(day("to")));
    assert_eq!(time["tz"], "Europe/Berlin");
    assert_eq!(ids(&stand.get("/v1/reports", &analyst).await), 1, "only the last missed run");
}

#[actix_web::test]
async fn a_schedule_is_written_by_its_author_and_deleted_by_owners() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let path = created(&stand, &analyst, daily()).await;
    let mut weekly = daily();
    weekly["every"] = json!("week");
    weekly["weekday"] = json!("monday");
    let replaced = stand.send(Method::PUT, &path, &analyst, weekly.clone()).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    for field in ["name", "kind", "request", "range", "every", "weekday", "at"] {
        assert_eq!(replaced.body[field], weekly[field], "{field}");
    }
    assert_eq!(ids(&stand.get(LIST, &owner).await), 1);
    let refused = stand.send(Method::PUT, &path, &owner, weekly.clone()).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
    let key = stand.key("acme", "read");
    assert_eq!(stand.post(LIST, Some(&key), daily()).await.status, 403);
    assert_eq!(stand.get(LIST, &key).await.status, 403);

    for stranger in [stand.token("acme", "advertiser").await, stand.token("globex", "owner").await]
    {
        assert_eq!(ids(&stand.get(LIST, &stranger).await), 0);
        assert_eq!(stand.get(&path, &stranger).await.status, 404);
        assert_eq!(stand.send(Method::PUT, &path, &stranger, weekly.clone()).await.status, 404);
        assert_eq!(stand.send(Method::DELETE, &path, &stranger, Value::Null).await.status, 404);
    }
    assert_eq!(stand.send(Method::DELETE, &path, &owner, Value::Null).await.status, 204);
    assert_eq!(stand.get(&path, &analyst).await.status, 404);
}

#[actix_web::test]
async fn a_saved_report_is_scheduled_by_those_who_see_it() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let report = json!({
        "name": "Sales", "visibility": "private", "kind": "query", "request": {"metrics": ["sales"]},
    });
    let saved = stand.post("/v1/saved-reports", Some(&analyst), report).await.body["id"].clone();
    let order = json!({"name": "Sales", "saved_report": saved, "every": "day", "at": "00:00"});
    created(&stand, &analyst, order.clone()).await;
    let owner = stand.token("acme", "owner").await;
    let refused = stand.post(LIST, Some(&owner), order).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/saved_report", "{}", refused.body);
}

#[actix_web::test]
async fn windows_are_saved_and_scheduled_as_other_reports() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let request = json!({"metrics": ["sales"], "window": {"type": "tumbling", "size": "1h"}});
    let report = json!({
        "name": "Hours", "visibility": "private", "kind": "windows", "request": request,
    });
    let saved = stand.post("/v1/saved-reports", Some(&analyst), report).await;
    assert_eq!(saved.status, 201, "{}", saved.body);
    let of_saved =
        json!({"name": "Hours", "saved_report": saved.body["id"], "every": "day", "at": "00:00"});
    created(&stand, &analyst, of_saved).await;
    let mut own = daily();
    own["kind"] = json!("windows");
    own["request"] = request;
    let path = created(&stand, &analyst, own).await;
    set_next_run(&stand, &path, "2026-03-03T06:30:00Z").await;
    let job = eventually("the job of the run is done", async || {
        let jobs = stand.get("/v1/reports", &analyst).await.body;
        let job = jobs["data"].get(0)?.clone();
        (job["state"] == "done").then_some(job)
    })
    .await;
    assert_eq!(job["kind"], "windows");
    // As many hours as the last day had.
    let rows = job["manifest"]["rows"].as_u64().unwrap();
    assert!((23..=25).contains(&rows), "{job}");
}

#[actix_web::test]
async fn a_wrong_schedule_is_refused_with_its_pointer() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    for (field, value, pointer) in [
        ("at", json!("7:30"), "/at"),
        ("every", json!("hour"), "/every"),
        ("every", json!("week"), "/weekday"),
        ("weekday", json!("monday"), "/weekday"),
        ("range", json!("last_year"), "/range"),
        ("kind", json!("invoice"), "/kind"),
        ("saved_report", json!(Uuid::now_v7()), "/saved_report"),
        ("request", json!({"metrics": ["clics"]}), "/request/metrics/0"),
        ("name", json!(""), "/name"),
    ] {
        let mut order = daily();
        order[field] = value;
        let refused = stand.post(LIST, Some(&analyst), order).await;
        assert_eq!(refused.status, 422, "{field}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    let advertiser = stand.token("acme", "advertiser").await;
    let mut events = daily();
    events["kind"] = json!("events");
    events["request"] = json!({});
    let refused = stand.post(LIST, Some(&advertiser), events).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
}
