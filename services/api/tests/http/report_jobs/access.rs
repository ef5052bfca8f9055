use reqwest::Method;
use serde_json::{Value, json};

use super::{LIST, change, download, ended, events, file, query, queued, seed};
use crate::stand::Stand;

#[actix_web::test]
async fn who_asked_and_owners_see_a_job_and_nobody_else() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let path = queued(&stand, &analyst, "query", query()).await;
    assert_eq!(ended(&stand, &path, &owner).await["state"], "done");
    file(&stand, &path, &owner).await;
    for other in [
        stand.token("acme", "advertiser").await,
        stand.key("acme", "read"),
        stand.token("globex", "owner").await,
        stand.key("globex", "read"),
    ] {
        assert!(stand.get(LIST, &other).await.body["data"].as_array().unwrap().is_empty());
        assert_eq!(stand.get(&path, &other).await.status, 404);
        assert_eq!(download(&stand, &path, &other).await.status, 404);
        assert_eq!(stand.send(Method::DELETE, &path, &other, Value::Null).await.status, 404);
    }
    file(&stand, &path, &analyst).await;
}

#[actix_web::test]
async fn an_advertisers_job_has_the_numbers_of_its_campaigns_and_no_events() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let advertiser = stand.token("acme", "advertiser").await;
    let path = queued(&stand, &advertiser, "query", query()).await;
    assert_eq!(ended(&stand, &path, &advertiser).await["state"], "done");
    let (_, bytes) = file(&stand, &path, &advertiser).await;
    let csv = String::from_utf8(bytes.to_vec()).unwrap();
    assert!(csv.contains("spring") && !csv.contains("winter"), "{csv}");
    let order = json!({"kind": "events", "request": events()});
    let refused = stand.post(LIST, Some(&advertiser), order).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["code"]),
        (403, &json!("permission_denied"))
    );
    // The limit of that time: one who is limited otherwise now does not see it.
    let other = "UPDATE report_job SET advertiser_id = 'orbit' WHERE job_id = $1";
    change(&stand, &path, other).await;
    assert_eq!(stand.get(&path, &advertiser).await.status, 404);
}

#[actix_web::test]
async fn a_job_of_a_revoked_user_fails() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let path = queued(&stand, &analyst, "query", query()).await;
    ended(&stand, &path, &analyst).await;
    let again = "UPDATE report_job SET state = 'queued', user_version = user_version - 1, finished_at = NULL,
        sha256 = NULL, expires_at = NULL WHERE job_id = $1";
    change(&stand, &path, again).await;
    let job = ended(&stand, &path, &owner).await;
    assert_eq!(
        (&job["state"], &job["failure"]["code"]),
        (&json!("failed"), &json!("credential_invalid"))
    );
    assert_eq!(download(&stand, &path, &owner).await.status, 404);
}

#[actix_web::test]
async fn no_attempt_writes_events_for_a_credential_that_sees_only_some_campaigns() {
    let stand = Stand::new().await;
    seed(&stand).await;
    let advertiser = stand.token("acme", "advertiser").await;
    let path = queued(&stand, &advertiser, "query", query()).await;
    ended(&stand, &path, &advertiser).await;
    // As if no route had refused it.
    let events = "UPDATE report_job SET state = 'queued', kind = 'events', request = '{}', finished_at = NULL,
        sha256 = NULL, expires_at = NULL WHERE job_id = $1";
    change(&stand, &path, events).await;
    let job = ended(&stand, &path, &advertiser).await;
    assert_eq!(job["failure"]["code"], "permission_denied", "{job}");
}
