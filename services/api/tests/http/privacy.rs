use std::time::Duration;

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};
use stream::{EventRecord, Producer, PublishOutcome};
use testkit::eventually;
use uuid::Uuid;

use crate::{
    query::{insert, insert_of},
    stand::Stand,
    topics::StandTopics,
};

const ERASE: &str = "/v1/privacy/erase";
const EXPORT: &str = "/v1/privacy/export";
const LIST: &str = "/v1/privacy/erasures";

fn visit(visitor: &str, customer: &str) -> Value {
    json!({"type": "page_view", "event_time": "2026-03-02T10:00:00Z", "visitor_id": visitor,
        "customer_id": customer, "url": format!("https://shop.example/{visitor}")})
}

/// Parks events of a tenant, as the collector does.
async fn park<const COUNT: usize>(stand: &Stand, tenant: &str, events: [Value; COUNT]) {
    let record = |mut event: Value| {
        let (event_id, received_at) = (Uuid::now_v7(), Utc::now());
        event["event_id"] = json!(event_id);
        event["received_at"] = json!(received_at);
        EventRecord { event_id, received_at, json: serde_json::to_vec(&event).unwrap().into() }
    };
    #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
    let records = stand.context(tenant).await.scope(events.map(record).into());
    let producer = Producer::new(&stand.kafka).unwrap();
    let prepared: Vec<_> = producer.prepare_parked(&records, None).into_iter().flatten().collect();
    let outcomes = producer.send(&prepared, Duration::from_secs(20)).await;
    assert_eq!(outcomes.len(), COUNT);
    assert!(outcomes.iter().all(|it| matches!(it, PublishOutcome::Published { .. })));
}

async fn begun(stand: &Stand, owner: &str, body: Value) -> Value {
    let begun = stand.post(ERASE, Some(owner), body).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let id = begun.body["id"].as_str().unwrap();
    assert_eq!(begun.headers["location"], format!("{LIST}/{id}"));
    begun.body
}

/// Exports persons. Returns the lines.
async fn exported(stand: &Stand, owner: &str, body: Value) -> Vec<Value> {
    let request = stand.request(Method::POST, EXPORT, Some(owner)).json(&body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let text = response.text().await.unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[actix_web::test]
async fn an_erasure_begins_at_once_and_says_nowhere_whom_it_is_about() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let persons = json!({"visitors": ["canary-v", " canary-v ", "w"], "customers": ["canary-c"]});
    let begun = begun(&stand, &owner, persons).await;
    assert_eq!((&begun["state"], &begun["receipt"]), (&json!("erasing"), &Value::Null));
    assert_eq!((&begun["visitors"], &begun["customers"]), (&json!(2), &json!(1)));
    let steps: Vec<_> =
        begun["steps"].as_array().unwrap().iter().map(|step| step["step"].clone()).collect();
    assert_eq!(json!(steps), json!(["clickhouse", "redis", "report_files", "postgres", "archive"]));
    let path = format!("{LIST}/{}", begun["id"].as_str().unwrap());
    let shown = stand.get(&path, &owner).await;
    assert_eq!(shown.body, begun);
    let listed = stand.get(LIST, &owner).await;
    assert_eq!(listed.body["data"], json!([begun]));

    let log = stand.get("/v1/audit?limit=500", &owner).await.body.to_string();
    assert!(log.contains("person.erase") && log.contains(begun["id"].as_str().unwrap()), "{log}");
    for text in [begun.to_string(), shown.body.to_string(), log] {
        assert!(!text.contains("canary"), "{text}");
    }
}

#[actix_web::test]
async fn only_owners_erase_and_export_persons_and_only_those_of_their_tenant() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let id = begun(&stand, &owner, json!({"visitors": ["v"]})).await["id"].clone();
    let path = format!("{LIST}/{}", id.as_str().unwrap());
    let refused = [
        stand.token("acme", "analyst").await,
        stand.token("acme", "advertiser").await,
        stand.key("acme", "read"),
        stand.key("acme", "collect"),
    ];
    for credential in &refused {
        for route in [ERASE, EXPORT] {
            let refused = stand.post(route, Some(credential), json!({"visitors": ["v"]})).await;
            assert_eq!(refused.body["code"], "permission_denied", "{route}: {}", refused.body);
        }
        for route in [LIST, &path, &format!("{path}/check")] {
            let refused = stand.get(route, credential).await;
            assert_eq!(refused.body["code"], "permission_denied", "{route}: {}", refused.body);
        }
    }
    let other = stand.token("globex", "owner").await;
    let absent = format!("{LIST}/{}", Uuid::now_v7());
    for rest in ["", "/check"] {
        let foreign = stand.get(&format!("{path}{rest}"), &other).await;
        let unknown = stand.get(&format!("{absent}{rest}"), &other).await;
        assert_eq!((foreign.status.as_u16(), unknown.status.as_u16()), (404, 404));
        assert_eq!(foreign.body["detail"], unknown.body["detail"]);
    }
    assert_eq!(stand.get(LIST, &other).await.body["data"], json!([]));
}

#[actix_web::test]
async fn wrong_persons_are_refused_with_their_pointer_and_not_repeated() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({"visitors": [], "customers": []}), ""),
        (json!({"visitors": ["canary"], "customers": ["c", "  "]}), "/customers/1"),
        (json!({"visitors": ["can\nary"]}), "/visitors/0"),
        (json!({"visitors": ["canary".repeat(40)]}), "/visitors/0"),
        (json!({"visitors": vec!["canary"; 101]}), ""),
    ] {
        for route in [ERASE, EXPORT] {
            let refused = stand.post(route, Some(&owner), body.clone()).await;
            assert_eq!(refused.status, 422, "{}", refused.body);
            assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
            assert!(!refused.body.to_string().contains("canary"), "{}", refused.body);
        }
    }
    for body in [json!({"visitor": ["v"]}), json!({"visitors": "v"}), json!([])] {
        let refused = stand.post(ERASE, Some(&owner), body).await;
        assert_eq!(refused.body["code"], "invalid_field", "{}", refused.body);
    }
    let wrong = stand.get(&format!("{LIST}?cursor=AAAA"), &owner).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "?cursor", "{}", wrong.body);
}

#[actix_web::test]
async fn an_export_has_every_event_of_the_persons_and_of_nobody_else() {
    let stand = Stand::new().await;
    let _topics = StandTopics::create(&stand).await;
    let owner = stand.token("acme", "owner").await;
    let events = [visit("ann", ""), visit("ann", "c-1"), visit("bob", "c-1"), visit("annie", "")];
    insert(&stand, events).await;
    insert_of(&stand, "globex", [visit("ann", "c-1")]).await;
    let visitors = async |body| {
        let lines = exported(&stand, &owner, body).await;
        assert!(lines.iter().all(|line| line["record"] == "event"), "{lines:?}");
        let mut visitors: Vec<_> =
            lines.iter().map(|line| line["visitor_id"].as_str().unwrap().to_owned()).collect();
        visitors.sort();
        visitors
    };
    assert_eq!(visitors(json!({"visitors": ["ann"]})).await, ["ann", "ann"]);
    assert_eq!(visitors(json!({"customers": ["c-1"]})).await, ["ann", "bob"]);
    assert_eq!(visitors(json!({"visitors": ["nobody"]})).await, [""; 0]);
    let both = json!({"visitors": ["ann"], "customers": ["c-1"]});
    assert_eq!(visitors(both).await, ["ann", "ann", "bob"]);

    let log = eventually("the export is in the audit log", async || {
        let log = stand.get("/v1/audit?action=person.export", &owner).await.body;
        let is_empty = log["data"].as_array().unwrap().is_empty();
        (!is_empty).then_some(log)
    })
    .await;
    assert!(!log.to_string().contains("ann"), "{log}");
}

#[actix_web::test]
async fn an_export_has_the_parked_events_of_the_persons_too() {
    let stand = Stand::new().await;
    let _topics = StandTopics::create(&stand).await;
    let owner = stand.token("acme", "owner").await;
    insert(&stand, [visit("ann", "")]).await;
    park(&stand, "acme", [visit("ann", ""), visit("bob", "c-1"), visit("annie", "")]).await;
    park(&stand, "globex", [visit("ann", "c-1")]).await;
    let both = json!({"visitors": ["ann"], "customers": ["c-1"]});
    let lines = exported(&stand, &owner, both).await;
    assert_eq!(lines[0]["record"], "event", "the tables come first: {lines:?}");
    let mut parked: Vec<_> = lines[1..].iter().map(|line| &line["event"]["visitor_id"]).collect();
    parked.sort_by_key(|visitor| visitor.to_string());
    assert_eq!(parked, ["ann", "bob"], "{lines:?}");
    for line in &lines[1..] {
        assert_eq!(line["record"], "parked");
        assert!(line["parked_at"].is_string() && line["event"]["url"].is_string(), "{line}");
    }
    let nobody = exported(&stand, &owner, json!({"visitors": ["c-1"]})).await;
    assert_eq!(nobody, Vec::<Value>::new(), "an id of a customer is none of a visitor");
}

#[actix_web::test]
async fn a_check_counts_what_is_stored_of_the_persons_of_an_erasure() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    insert(&stand, [visit("ann", ""), visit("ann", "c-1"), visit("bob", "")]).await;
    insert_of(&stand, "globex", [visit("ann", "")]).await;
    let counted = async |persons| {
        let erasure = begun(&stand, &owner, persons).await;
        let path = format!("{LIST}/{}/check", erasure["id"].as_str().unwrap());
        let checked = stand.get(&path, &owner).await;
        assert_eq!(checked.status, 200, "{}", checked.body);
        (checked.body["event_rows"].clone(), checked.body["rejects"].clone())
    };
    // No processor runs that would erase them.
    assert_eq!(counted(json!({"visitors": ["ann"]})).await, (json!(2), json!(0)));
    assert_eq!(counted(json!({"customers": ["c-1"]})).await, (json!(1), json!(0)));
    assert_eq!(counted(json!({"visitors": ["nobody"]})).await, (json!(0), json!(0)));
}
