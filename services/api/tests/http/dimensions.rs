use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

const TIER: &str = "/v1/dimensions/loyalty_tier";

/// Returns an event with properties, whose visitor is its campaign and type.
fn event(event_type: &str, campaign: &str, properties: Value) -> Value {
    json!({
        "type": event_type, "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign,
        "visitor_id": format!("{campaign}-{event_type}"), "properties": properties,
    })
}

fn click(campaign: &str, tier: Value) -> Value {
    event("ad_click", campaign, json!({"loyalty": {"tier": tier}, "level": tier}))
}

async fn declare(stand: &Stand, credential: &str, path: &str, order: Value) -> Answer {
    stand.send(Method::PUT, path, credential, order).await
}

fn tier(pointer: &str) -> Value {
    json!({"pointer": pointer, "type": "string"})
}

/// Inserts clicks, and declares their tier. Returns the owner's token.
async fn with_tiers(stand: &Stand) -> String {
    let clicks = [
        click("spring", json!("gold")),
        click("spring", json!("gold")),
        click("winter", json!("silver")),
        click("winter", json!(3)),
        event("ad_click", "spring", json!({"level": "high"})),
    ];
    insert(stand, clicks).await;
    let owner = stand.token("acme", "owner").await;
    let declared = declare(stand, &owner, TIER, tier("/properties/loyalty/tier")).await;
    assert_eq!(declared.status, 200, "{}", declared.body);
    owner
}

fn by_tier(change: Value) -> Value {
    let mut body = json!({
        "metrics": ["clicks"], "dimensions": ["loyalty_tier"],
        "time": {"from": "2026-03-02", "to": "2026-03-03"},
        "order": [["loyalty_tier", "asc"]],
    });
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// Returns the clicks of each tier.
async fn clicks(stand: &Stand, credential: &str, change: Value) -> Vec<(String, u64)> {
    let answer = stand.post("/v1/query", Some(credential), by_tier(change)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let rows = answer.body["rows"].as_array().unwrap().iter();
    let row = |row: &Value| {
        let tier = row["loyalty_tier"].as_str().unwrap().to_owned();
        (tier, row["values"]["clicks"].as_u64().unwrap())
    };
    rows.map(row).collect()
}

fn tiers<const N: usize>(expected: [(&str, u64); N]) -> Vec<(String, u64)> {
    expected.into_iter().map(|(tier, clicks)| (tier.to_owned(), clicks)).collect()
}

/// Returns the pointer and the reason of the first error.
fn error(answer: &Answer) -> (&str, &str) {
    assert_eq!(answer.status, 422, "{}", answer.body);
    let error = &answer.body["errors"][0];
    (error["pointer"].as_str().unwrap(), error["reason"].as_str().unwrap())
}

#[actix_web::test]
async fn a_declared_property_groups_and_filters_events() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let reader = stand.key("acme", "read");
    let all = tiers([("", 1), ("3", 1), ("gold", 2), ("silver", 1)]);
    assert_eq!(clicks(&stand, &reader, json!({})).await, all);
    for (mut filter, expected) in [
        (json!({"in": ["gold", "3"]}), tiers([("3", 1), ("gold", 2)])),
        (json!({"not_in": ["gold", ""]}), tiers([("3", 1), ("silver", 1)])),
        (json!({"starts_with": ["si"]}), tiers([("silver", 1)])),
        (json!({"contains": ["l"]}), tiers([("gold", 2), ("silver", 1)])),
    ] {
        filter["dimension"] = json!("loyalty_tier");
        assert_eq!(clicks(&stand, &reader, json!({"filters": filter})).await, expected);
    }
    let both = json!({"top": {"n": 1, "by": "clicks", "others": true}, "explain": true});
    let answer = stand.post("/v1/query", Some(&reader), by_tier(both)).await.body;
    assert_eq!(answer["others"]["values"]["clicks"], 3, "{answer}");
    assert_eq!(answer["totals"]["values"]["clicks"], 5, "{answer}");
    assert_eq!(answer["explain"]["rollup"], Value::Null, "rows are read: {answer}");
}

#[actix_web::test]
async fn a_changed_declaration_changes_the_answer_at_once() {
    let stand = Stand::new().await;
    let owner = with_tiers(&stand).await;
    let reader = stand.key("acme", "read");
    assert_eq!(clicks(&stand, &reader, json!({})).await.len(), 4);
    let level = declare(&stand, &owner, TIER, json!({"pointer": "/properties/level"})).await;
    assert_eq!(level.status, 200, "{}", level.body);
    let by_level = tiers([("3", 1), ("gold", 2), ("high", 1), ("silver", 1)]);
    assert_eq!(clicks(&stand, &reader, json!({})).await, by_level);
    let numbers = json!({"pointer": "/properties/level", "type": "integer"});
    assert_eq!(declare(&stand, &owner, TIER, numbers).await.status, 200);
    assert_eq!(clicks(&stand, &reader, json!({})).await, tiers([("", 4), ("3", 1)]));

    let deleted = stand.send(Method::DELETE, TIER, &owner, Value::Null).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let refused = stand.post("/v1/query", Some(&reader), by_tier(json!({}))).await;
    assert_eq!(error(&refused).0, "/dimensions/0");
    let again = stand.send(Method::DELETE, TIER, &owner, Value::Null).await;
    assert_eq!(again.status, 404, "{}", again.body);
}

#[actix_web::test]
async fn declared_dimensions_are_listed_with_their_property() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let listed = stand.get("/v1/dimensions", &stand.key("acme", "read")).await.body;
    let own = listed["data"].as_array().unwrap().last().unwrap();
    assert_eq!(own["name"], "loyalty_tier");
    assert_eq!(own["pointer"], "/properties/loyalty/tier");
    assert_eq!(own["type"], "string");
    assert_eq!(own["level"], "event");
    let metrics = own["metrics"].as_array().unwrap();
    assert!(metrics.contains(&json!("spend")) && metrics.contains(&json!("visitors")), "{own}");
    let built_in = &listed["data"][0];
    assert!(built_in.get("pointer").is_none() && built_in.get("type").is_none(), "{built_in}");
}

#[actix_web::test]
async fn integers_are_ordered_as_numbers() {
    let stand = Stand::new().await;
    let points = [json!(9), json!(10), json!("-1"), json!(1.5), json!("many"), json!(true)];
    insert(&stand, points.map(|points| click("spring", points))).await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"pointer": "/properties/level", "type": "integer"});
    assert_eq!(declare(&stand, &owner, TIER, order).await.status, 200);
    let expected = tiers([("", 3), ("-1", 1), ("9", 1), ("10", 1)]);
    assert_eq!(clicks(&stand, &owner, json!({})).await, expected);
    let order = json!({"pointer": "/properties/level", "type": "boolean"});
    assert_eq!(declare(&stand, &owner, TIER, order).await.status, 200);
    assert_eq!(clicks(&stand, &owner, json!({})).await, tiers([("", 5), ("true", 1)]));
}

#[actix_web::test]
async fn every_report_of_events_knows_declared_dimensions() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let buyer = |event_type: &str, time: &str| {
        let mut event = event(event_type, "spring", json!({"loyalty": {"tier": "gold"}}));
        event["visitor_id"] = json!("ann");
        event["event_time"] = json!(time);
        event
    };
    let buyer =
        [buyer("product_view", "2026-03-02T10:00:00Z"), buyer("purchase", "2026-03-02T11:00:00Z")];
    insert(&stand, buyer).await;
    let reader = stand.key("acme", "read");
    let time = json!({"from": "2026-03-02", "to": "2026-03-03"});
    let gold = json!({"dimension": "loyalty_tier", "in": ["gold"]});
    let ask = async |path: &str, body: Value| {
        let answer = stand.post(path, Some(&reader), body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    };
    let steps = json!([{"event": "product_view", "filters": gold}, {"event": "purchase"}]);
    let funnel = ask(
        "/v1/funnels",
        json!({"steps": steps, "time": time, "filters": gold, "hold": "loyalty_tier",
               "breakdown": {"dimension": "loyalty_tier"}}),
    );
    let funnel = funnel.await;
    assert_eq!(funnel["breakdown"]["dimension"], "loyalty_tier");
    assert_eq!(funnel["breakdown"]["values"][0]["value"], "gold");
    assert_eq!(funnel["steps"][1]["count"], 1, "{funnel}");
    let cohort = json!({"event": "product_view", "filters": gold});
    let retention = ask("/v1/retention", json!({"cohort": cohort, "time": time, "filters": gold}));
    assert_eq!(retention.await["cohorts"][0]["size"], 1);
    let window = json!({"type": "tumbling", "size": "12h"});
    let windows = json!({
        "metrics": ["clicks"], "dimensions": ["loyalty_tier"], "filters": gold, "window": window,
        "time": time,
    });
    let windows = ask("/v1/windows", windows).await;
    assert_eq!(windows["rows"][0]["loyalty_tier"], "gold", "{windows}");
    assert_eq!(windows["segments"], 1, "{windows}");
    let sessions = json!({
        "metrics": ["clicks"], "filters": gold, "window": {"type": "session"}, "time": time,
    });
    assert_eq!(ask("/v1/windows", sessions).await["totals"]["clicks"], 2);
    let export = json!({"time": time, "filters": gold, "format": "ndjson"});
    let file = stand.request(Method::POST, "/v1/exports/events", Some(&reader)).json(&export);
    let file = file.send().await.unwrap().text().await.unwrap();
    assert_eq!(file.lines().count(), 4, "{file}");
    let file = stand.request(Method::POST, "/v1/query", Some(&reader));
    let file = file.json(&by_tier(json!({"format": "csv"}))).send().await.unwrap();
    assert!(file.text().await.unwrap().starts_with("row,loyalty_tier,start,"));
}

#[actix_web::test]
async fn a_kept_report_may_name_a_declared_dimension() {
    let stand = Stand::new().await;
    let owner = with_tiers(&stand).await;
    let request = json!({"metrics": ["clicks"], "dimensions": ["loyalty_tier"]});
    let report = json!({"name": "Tiers", "kind": "query", "request": request});
    assert_eq!(stand.post("/v1/saved-reports", Some(&owner), report.clone()).await.status, 201);
    let schedule = json!({
        "name": "Tiers", "kind": "query", "request": request, "every": "day", "at": "07:30",
    });
    assert_eq!(stand.post("/v1/schedules", Some(&owner), schedule).await.status, 201);
    let job = json!({"kind": "query", "request": request});
    assert_eq!(stand.post("/v1/reports", Some(&owner), job).await.status, 202);
    let stranger = stand.token("globex", "owner").await;
    let refused = stand.post("/v1/saved-reports", Some(&stranger), report).await;
    assert_eq!(error(&refused).0, "/request/dimensions/0");
}

#[actix_web::test]
async fn names_pointers_and_types_that_are_not_possible_are_refused() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let right = "/properties/tier";
    for (name, reason) in [
        ("device", "a built-in dimension has this one"),
        ("sales", "a metric has this one"),
        ("start", "answers have a column of this one"),
        ("previous_sales", "answers have a column of this one"),
        ("Tier", "such as loyalty_tier"),
        ("loyalty-tier", "such as loyalty_tier"),
    ] {
        let refused = declare(&stand, &owner, &format!("/v1/dimensions/{name}"), tier(right)).await;
        let (pointer, given) = error(&refused);
        assert_eq!(pointer, "{name}");
        assert!(given.contains(reason), "{name}: {given}");
    }
    for (order, pointer, reason) in [
        (tier(""), "/pointer", "below /properties"),
        (tier("/device"), "/pointer", "below /properties"),
        (tier("loyalty.tier"), "/pointer", "below /properties"),
        (tier("/properties/a~b"), "/pointer", "RFC 6901"),
        (tier("/properties//a"), "/pointer", "not empty"),
        (tier("/properties/1/2/3/4/5/6/7/8/9"), "/pointer", "at most 8 names"),
        (json!({"pointer": right, "type": "number"}), "/type", "string, integer, boolean"),
        (json!({"pointer": right, "kind": "string"}), "/kind", "unknown field"),
    ] {
        let refused = declare(&stand, &owner, TIER, order.clone()).await;
        let (given, why) = error(&refused);
        assert_eq!(given, pointer, "{order}: {}", refused.body);
        assert!(why.contains(reason), "{order}: {why}");
    }
}

#[actix_web::test]
async fn a_misspelt_name_is_answered_with_the_declared_one() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let body = by_tier(json!({"dimensions": ["loyalty_teir"]}));
    let refused = stand.post("/v1/query", Some(&stand.key("acme", "read")), body).await;
    let (pointer, reason) = error(&refused);
    assert_eq!(pointer, "/dimensions/0");
    assert!(reason.contains("did you mean `loyalty_tier`?"), "{reason}");
}

#[actix_web::test]
async fn a_declaration_belongs_to_its_tenant() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let stranger = stand.token("globex", "owner").await;
    let listed = stand.get("/v1/dimensions", &stranger).await.body;
    assert!(!listed.to_string().contains("loyalty"), "{listed}");
    let refused = stand.post("/v1/query", Some(&stranger), by_tier(json!({}))).await;
    let (_, reason) = error(&refused);
    assert!(reason.contains("`loyalty_tier` is not a dimension"), "{reason}");
    let foreign = stand.send(Method::DELETE, TIER, &stranger, Value::Null).await;
    assert_eq!(foreign.status, 404, "{}", foreign.body);
    // The same name may mean another property of another tenant.
    assert_eq!(declare(&stand, &stranger, TIER, tier("/properties/x")).await.status, 200);
    let own = clicks(&stand, &stand.key("acme", "read"), json!({})).await;
    assert_eq!(own, tiers([("", 1), ("3", 1), ("gold", 2), ("silver", 1)]));
}

#[actix_web::test]
async fn only_owners_declare_and_everybody_asks_of_the_campaigns_they_see() {
    let stand = Stand::new().await;
    let owner = with_tiers(&stand).await;
    let advertiser = stand.token("acme", "advertiser").await;
    for other in [
        &stand.token("acme", "analyst").await,
        &advertiser,
        &stand.key("acme", "read"),
        &stand.key("acme", "collect"),
    ] {
        let refused = declare(&stand, other, TIER, tier("/properties/x")).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        let refused = stand.send(Method::DELETE, TIER, other, Value::Null).await;
        assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
    }
    let limited = json!({"name": "winter", "kind": "read", "campaigns": ["winter"]});
    let limited = stand.post("/v1/api-keys", Some(&owner), limited).await.body;
    let limited = limited["key"].as_str().unwrap();
    let of_winter = tiers([("3", 1), ("silver", 1)]);
    assert_eq!(clicks(&stand, limited, json!({})).await, of_winter);
    assert_eq!(clicks(&stand, &advertiser, json!({})).await, tiers([("", 1), ("gold", 2)]));
}

#[actix_web::test]
async fn a_tenant_declares_fifty_dimensions_at_most() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let path = |number: u32| format!("/v1/dimensions/own_{number}");
    for number in 1..=50 {
        let declared = declare(&stand, &owner, &path(number), tier("/properties/x")).await;
        assert_eq!(declared.status, 200, "{}", declared.body);
    }
    let refused = declare(&stand, &owner, &path(51), tier("/properties/x")).await;
    assert_eq!(refused.body["code"], "limit_reached", "{}", refused.body);
    assert_eq!(declare(&stand, &owner, &path(50), tier("/properties/y")).await.status, 200);
}

#[actix_web::test]
async fn without_postgresql_built_in_dimensions_are_still_answered() {
    let stand = Stand::new().await;
    with_tiers(&stand).await;
    let reader = stand.key("acme", "read");
    assert_eq!(clicks(&stand, &reader, json!({})).await.len(), 4);
    stand.cut_postgres();
    let built_in = by_tier(json!({"dimensions": ["campaign"], "order": []}));
    let answer = stand.post("/v1/query", Some(&reader), built_in).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = stand.post("/v1/query", Some(&reader), by_tier(json!({}))).await;
    assert_eq!(answer.status, 503, "{}", answer.body);
}
