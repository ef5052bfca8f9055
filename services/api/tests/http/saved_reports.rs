use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stand::{Answer, Stand};

const LIST: &str = "/v1/saved-reports";

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

fn order(name: &str, visibility: &str) -> Value {
    let request = json!({"metrics": ["sales"], "dimensions": ["campaign"]});
    json!({"name": name, "visibility": visibility, "kind": "query", "request": request})
}

/// Saves a report. Returns the path to it.
async fn saved(stand: &Stand, credential: &str, order: Value) -> String {
    let made = stand.post(LIST, Some(credential), order).await;
    assert_eq!(made.status, 201, "{}", made.body);
    format!("{LIST}/{}", made.body["id"].as_str().unwrap())
}

#[actix_web::test]
async fn a_shared_report_can_be_asked_by_everybody_who_may_see_all_campaigns() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let order = json!({
        "name": "Sales by campaign",
        "description": "For the weekly meeting",
        "visibility": "shared",
        "kind": "query",
        "request": {"metrics": ["sales"], "dimensions": ["campaign"]},
    });
    let made = stand.post(LIST, Some(&analyst), order).await;
    assert_snapshot!("saved_reports_create", stand.shown(&made));
    let path = format!("{LIST}/{}", made.body["id"].as_str().unwrap());
    for reader in [stand.token("acme", "owner").await, stand.key("acme", "read")] {
        assert_eq!(names(&stand.get(LIST, &reader).await), ["Sales by campaign"]);
        let report = stand.get(&path, &reader).await.body;
        assert_eq!(report, made.body);
        let asked = stand.post("/v1/query", Some(&reader), report["request"].clone()).await;
        assert_eq!(asked.status, 200, "{}", asked.body);
    }
}

#[actix_web::test]
async fn a_private_report_is_its_authors_alone() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let own = saved(&stand, &analyst, order("Mine", "private")).await;
    let owner = stand.token("acme", "owner").await;
    for other in [&owner, &stand.key("acme", "read")] {
        assert!(names(&stand.get(LIST, other).await).is_empty());
        assert_eq!(stand.get(&own, other).await.status, 404);
    }
    let taken = order("Taken", "shared");
    assert_eq!(stand.send(Method::PUT, &own, &owner, taken).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &own, &owner, Value::Null).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &own, &analyst, Value::Null).await.status, 204);
    assert!(names(&stand.get(LIST, &analyst).await).is_empty());
}

#[actix_web::test]
async fn an_advertiser_has_private_reports_only_and_sees_no_shared_one() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let shared = saved(&stand, &owner, order("Rivals", "shared")).await;
    let advertiser = stand.token("acme", "advertiser").await;
    let own = saved(&stand, &advertiser, order("Mine", "private")).await;
    assert_eq!(names(&stand.get(LIST, &advertiser).await), ["Mine"]);
    assert_eq!(stand.get(&shared, &advertiser).await.status, 404);
    let sharing = stand.post(LIST, Some(&advertiser), order("Ours", "shared")).await;
    assert_eq!(sharing.body["code"], "permission_denied", "{}", sharing.body);
    let sharing = stand.send(Method::PUT, &own, &advertiser, order("Mine", "shared")).await;
    assert_eq!(sharing.body["code"], "permission_denied", "{}", sharing.body);

    let limited = json!({"name": "partner", "kind": "read", "campaigns": ["spring"]});
    let limited = stand.post("/v1/api-keys", Some(&owner), limited).await;
    let limited = limited.body["key"].as_str().unwrap();
    assert!(names(&stand.get(LIST, limited).await).is_empty());
    assert_eq!(stand.get(&shared, limited).await.status, 404);
}

#[actix_web::test]
async fn a_key_saves_nothing() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let shared = saved(&stand, &owner, order("Sales", "shared")).await;
    let key = stand.key("acme", "read");
    for refused in [
        stand.post(LIST, Some(&key), order("Own", "private")).await,
        stand.send(Method::PUT, &shared, &key, order("Taken", "shared")).await,
        stand.send(Method::DELETE, &shared, &key, Value::Null).await,
    ] {
        assert_eq!(refused.status, 403, "{}", refused.body);
    }
    assert_eq!(names(&stand.get(LIST, &owner).await), ["Sales"]);
}

#[actix_web::test]
async fn a_shared_report_is_written_by_its_author_and_by_owners() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let analysts = saved(&stand, &analyst, order("Sales", "shared")).await;
    let owners = saved(&stand, &owner, order("Plan", "shared")).await;
    let mut changed = order("Sales of last week", "shared");
    changed["kind"] = json!("sessions");
    changed["request"] = json!({"from": "2019-11-18", "to": "2019-11-25", "gap": "1h"});
    let replaced = stand.send(Method::PUT, &analysts, &owner, changed.clone()).await;
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    let read = stand.get(&analysts, &analyst).await.body;
    for field in ["name", "kind", "request", "visibility"] {
        assert_eq!(read[field], changed[field], "{field}");
    }
    let hidden = stand.send(Method::PUT, &analysts, &owner, order("Sales", "private")).await;
    assert_eq!(hidden.status, 422, "{}", hidden.body);
    assert_eq!(hidden.body["errors"][0]["pointer"], "/visibility");
    let hidden = stand.send(Method::PUT, &analysts, &analyst, order("Sales", "private")).await;
    assert_eq!(hidden.status, 200, "{}", hidden.body);
    assert_eq!(stand.get(&analysts, &owner).await.status, 404);

    for (method, body) in [(Method::PUT, order("Taken", "shared")), (Method::DELETE, Value::Null)] {
        let refused = stand.send(method, &owners, &analyst, body).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
    }
    assert_eq!(stand.get(&owners, &analyst).await.body["name"], "Plan");
}

#[actix_web::test]
async fn a_request_that_its_route_refuses_is_refused_below_its_pointer() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    for (kind, request, pointer) in [
        ("query", json!({"metrics": ["sales"], "tops": 5}), "/request/tops"),
        ("query", json!({"metrics": ["sales"], "time": {"tz": "Mars"}}), "/request/time/tz"),
        ("query", json!({"metrics": ["sales"], "cursor": "Yg"}), "/request/cursor"),
        ("funnel", json!({"steps": [{"event": "purchase"}]}), "/request/steps"),
        ("retention", json!({"cohort": {"event": "Nope!"}}), "/request/cohort/event"),
        ("attribution", json!({"rules": [{"preset": "none"}]}), "/request/rules/0/preset"),
        ("sessions", json!({"by": "session"}), "/request/by"),
        ("sessions", json!("from"), "/request"),
        ("query", json!({"metrics": ["sales"], "dimensions": ["x".repeat(40_000)]}), "/request"),
        ("invoice", json!({}), "/kind"),
    ] {
        let order = json!({"name": "x", "kind": kind, "request": request});
        let refused = stand.post(LIST, Some(&analyst), order).await;
        assert_eq!(refused.status, 422, "{kind}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{kind}: {}", refused.body);
    }
    let nul = json!({"dimension": "campaign", "in": ["\u{0}"]});
    let order =
        json!({"name": "x", "kind": "query", "request": {"metrics": ["sales"], "filters": nul}});
    let refused = stand.post(LIST, Some(&analyst), order).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/request", "{}", refused.body);
    assert!(names(&stand.get(LIST, &analyst).await).is_empty());
}

#[actix_web::test]
async fn an_author_has_each_name_once_in_each_visibility() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    saved(&stand, &owner, order("Sales", "shared")).await;
    saved(&stand, &owner, order("Sales", "private")).await;
    saved(&stand, &stand.token("acme", "analyst").await, order("Sales", "shared")).await;
    let again = stand.post(LIST, Some(&owner), order(" Sales ", "shared")).await;
    assert_eq!(again.status, 409, "{}", again.body);
    assert_eq!(again.body["code"], "already_exists");
    assert_eq!(again.body["errors"][0]["pointer"], "/name");
}

#[actix_web::test]
async fn a_user_saves_two_hundred_private_reports_and_lists_them_by_pages() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    for number in 0..200 {
        saved(&stand, &analyst, order(&format!("Report {number}"), "private")).await;
    }
    let refused = stand.post(LIST, Some(&analyst), order("One more", "private")).await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert_eq!(refused.body["code"], "limit_reached");
    saved(&stand, &analyst, order("Shared", "shared")).await;

    let first = stand.get(&format!("{LIST}?limit=150"), &analyst).await;
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = stand.get(next, &analyst).await;
    assert_eq!(names(&first)[149], "Report 149");
    assert_eq!(names(&last)[0], "Report 150");
    assert_eq!(names(&last)[50], "Shared");
    assert_eq!(last.body["next_cursor"], Value::Null);
}

#[actix_web::test]
async fn another_tenants_report_looks_missing() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let shared = saved(&stand, &owner, order("Secret plan", "shared")).await;
    let stranger = stand.token("globex", "owner").await;
    assert!(names(&stand.get(LIST, &stranger).await).is_empty());
    assert_eq!(stand.get(&shared, &stranger).await.status, 404);
    let taken = order("Taken", "shared");
    assert_eq!(stand.send(Method::PUT, &shared, &stranger, taken).await.status, 404);
    assert_eq!(stand.send(Method::DELETE, &shared, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.get(&shared, &owner).await.body["name"], "Secret plan");
}
