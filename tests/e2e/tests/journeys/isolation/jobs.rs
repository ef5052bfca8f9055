//! The report jobs and schedules of another tenant.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::json;
use testkit::{Answer, Platform, Tier};
use uuid::Uuid;

use super::{CANARY, belongings, seed, target::Target};

#[tokio::test]
async fn the_answers_for_a_foreign_and_a_missing_job_or_schedule_are_equal() {
    let platform = Platform::start().await;
    let (mine, other) =
        (platform.onboard(Tier::Shared).await, platform.onboard(Tier::Shared).await);
    seed(&platform, &other).await;
    let target = Target::of(&platform, &other, CANARY).await;
    let schedule = json!({
        "name": "Own", "kind": "query", "request": {"metrics": ["events"]}, "every": "day",
        "at": "12:00",
    });
    let send = async |credential: &str, method: &Method, path: String| {
        let mut request = platform.client().request(method.clone(), platform.api(&path));
        if method == Method::PUT {
            request = request.json(&schedule);
        }
        let response = request.bearer_auth(credential).send().await.unwrap();
        let mut problem = Answer::read(response).await.json();
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let absent = Uuid::now_v7().to_string();
    let before = belongings(&platform, &other).await;
    for (method, path, foreign) in [
        (Method::GET, "/v1/reports/{id}", &target.job),
        (Method::GET, "/v1/reports/{id}/download", &target.job),
        (Method::DELETE, "/v1/reports/{id}", &target.job),
        (Method::GET, "/v1/schedules/{id}", &target.schedule),
        (Method::PUT, "/v1/schedules/{id}", &target.schedule),
        (Method::DELETE, "/v1/schedules/{id}", &target.schedule),
    ] {
        for credential in [&mine.owner, &mine.advertiser, &mine.read_key] {
            let problem = |id: &str| send(credential, &method, path.replace("{id}", id));
            let theirs = problem(foreign).await;
            assert_eq!(theirs, problem(&absent).await, "{method} {path}");
            // Keys have no schedules.
            let is_refused = credential == &mine.read_key && path.contains("schedules");
            assert_eq!(theirs["status"], if is_refused { 403 } else { 404 }, "{method} {path}");
            assert_eq!(problem("not-an-id").await["status"], 404, "{method} {path}");
        }
    }
    // A foreign id in a cursor leads to own ones only.
    for (list, id) in [("reports", &target.job), ("schedules", &target.schedule)] {
        let cursor = URL_SAFE_NO_PAD.encode(id);
        let listed = platform.get(&mine.owner, &format!("/v1/{list}?cursor={cursor}")).await;
        assert_eq!(listed.expect(200).json()["data"], json!([]), "{list}");
    }
    assert_eq!(belongings(&platform, &other).await, before);
}
