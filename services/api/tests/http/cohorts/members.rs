use reqwest::Method;
use serde_json::{Value, json};

use super::{LIST, ask, buyers, day, events, keep, names, shop};
use crate::{query::insert, stand::Stand};

/// Returns how many belong to a cohort of this definition.
async fn size(stand: &Stand, analyst: &str, more: Value) -> u64 {
    let id = keep(stand, analyst, buyers(more)).await;
    let shown = stand.get(&format!("{LIST}/{id}"), analyst).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.body["members"]["size"].as_u64().unwrap()
}

#[actix_web::test]
async fn a_cohort_is_kept_as_its_definition_and_shows_how_many_belong_to_it() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let analyst = stand.token("acme", "analyst").await;
    let mut order = buyers(json!({"by": "visitor", "at_least": 2}));
    order["name"] = json!(" Regulars ");
    order["description"] = json!("Who came back");
    let kept = stand.post(LIST, Some(&analyst), order.clone()).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    assert_eq!(kept.body["definition"], order["definition"]);
    for reader in [stand.token("acme", "owner").await, stand.key("acme", "read")] {
        assert_eq!(names(&stand.get(LIST, &reader).await), ["Regulars"]);
        let path = format!("{LIST}/{}", kept.body["id"].as_str().unwrap());
        let mut shown = stand.get(&path, &reader).await.body;
        let members = shown.as_object_mut().unwrap().remove("members").unwrap();
        assert_eq!(shown, kept.body);
        assert_eq!(members["size"], 1);
        // Days of a tenant in Berlin.
        assert_eq!(members["from"], "2026-03-01T23:00:00Z");
        assert_eq!(members["to"], "2026-03-02T23:00:00Z");
        assert!(members.as_object().unwrap().contains_key("as_of"));
    }
}

#[actix_web::test]
async fn who_belongs_to_a_cohort_follows_its_definition() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let analyst = stand.token("acme", "analyst").await;
    let alpine = json!({"dimension": "brand", "in": ["Alpine"]});
    // Of 23 o'clock in Berlin, which is 22 o'clock in UTC.
    let late = json!({"dimension": "hour_of_day", "in": ["23"]});
    for (more, expected) in [
        (json!({}), 2),
        (json!({"at_least": 2}), 1),
        (json!({"at_least": 3}), 0),
        (json!({"by": "customer"}), 1),
        (json!({"events": ["product_view"]}), 3),
        (json!({"events": ["product_view", "purchase"], "at_least": 2}), 2),
        (json!({"filters": alpine}), 1),
        // An order of two items of the brand is one event.
        (json!({"filters": alpine, "at_least": 2}), 0),
        (json!({"filters": late}), 1),
        (json!({"filters": {"not": late}, "at_least": 2}), 0),
        (json!({"time": {"from": "2026-03-03", "to": "2026-03-04"}}), 0),
        (json!({"time": {"from": "2026-03-02T10:15:00Z", "to": "2026-03-02T10:30:00Z"}}), 1),
        (json!({"time": {"last_days": 1}}), 0),
        (json!({"time": {"last_days": 1_825}}), 2),
    ] {
        assert_eq!(size(&stand, &analyst, more.clone()).await, expected, "{more}");
    }
}

#[actix_web::test]
async fn a_cohort_and_its_negation_select_all_events_together() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let analyst = stand.token("acme", "analyst").await;
    let buyers_id = keep(&stand, &analyst, buyers(json!({}))).await;
    let regulars_id = keep(&stand, &analyst, buyers(json!({"at_least": 2}))).await;
    let customers_id = keep(&stand, &analyst, buyers(json!({"by": "customer"}))).await;
    let [is_buyer, is_regular, is_customer] =
        [&buyers_id, &regulars_id, &customers_id].map(|id| json!({"cohort": id}));
    let not = |filter: &Value| json!({"not": filter});
    // All events of a member, those before the purchase included.
    assert_eq!(events(&stand, is_buyer.clone()).await, 5);
    assert_eq!(events(&stand, not(&is_buyer)).await, 2, "cid, and the event without a visitor");
    assert_eq!(events(&stand, is_customer.clone()).await, 1, "the order that names the customer");
    assert_eq!(events(&stand, not(&is_customer)).await, 6);
    let once = json!({"and": [is_buyer, not(&is_regular)]});
    assert_eq!(events(&stand, once).await, 2);
    let views = json!({"dimension": "event_type", "in": ["product_view"]});
    assert_eq!(events(&stand, json!({"or": [is_regular, views]})).await, 6);

    let all = json!({"metrics": ["visitors", "orders"], "time": day(), "filters": is_buyer, "explain": true});
    let all = ask(&stand, "/v1/query", all).await;
    assert_eq!(all["totals"]["values"], json!({"visitors": 2, "orders": 3}));
    assert_eq!(all["query"]["filters"], is_buyer);
    assert_eq!(all["explain"]["rollup"], Value::Null, "no rollup knows visitors");
    let of_large = json!({"and": [is_buyer, {"metric": "orders", "gte": 2}]});
    let by_type = json!({
        "metrics": ["orders"], "dimensions": ["event_type"], "time": day(), "filters": of_large,
    });
    let by_type = ask(&stand, "/v1/query", by_type).await;
    assert_eq!(by_type["rows"].as_array().unwrap().len(), 1, "{by_type}");
    assert_eq!(by_type["totals"]["values"]["orders"], 3);
}

#[actix_web::test]
async fn a_cohort_is_defined_by_a_declared_dimension() {
    let stand = Stand::new().await;
    let mut bought = shop();
    // The orders of ann and bob.
    bought[2]["properties"] = json!({"tier": "gold"});
    bought[4]["properties"] = json!({"tier": "silver"});
    insert(&stand, bought).await;
    let owner = stand.token("acme", "owner").await;
    let gold = json!({"filters": {"dimension": "tier", "in": ["gold"]}});
    let refused = stand.post(LIST, Some(&owner), buyers(gold.clone())).await;
    let unknown = &refused.body["errors"][0]["pointer"];
    assert_eq!(unknown, "/definition/filters/dimension", "{}", refused.body);

    let path = "/v1/dimensions/tier";
    let tier = json!({"pointer": "/properties/tier"});
    assert_eq!(stand.send(Method::PUT, path, &owner, tier).await.status, 200);
    let id = keep(&stand, &owner, buyers(gold)).await;
    let shown = format!("{LIST}/{id}");
    let is_gold = json!({"cohort": id});
    assert_eq!(stand.get(&shown, &owner).await.body["members"]["size"], 1);
    assert_eq!(events(&stand, is_gold.clone()).await, 3, "all events of ann");
    let not_gold = json!({"not": is_gold});
    assert_eq!(events(&stand, not_gold).await, 4);

    // The dimension of the definition is that of the moment.
    let other = json!({"pointer": "/properties/level"});
    assert_eq!(stand.send(Method::PUT, path, &owner, other).await.status, 200);
    assert_eq!(events(&stand, is_gold.clone()).await, 0);
    assert_eq!(stand.send(Method::DELETE, path, &owner, Value::Null).await.status, 204);
    let query = json!({"metrics": ["events"], "time": day(), "filters": is_gold});
    let refused = stand.post("/v1/query", Some(&owner), query).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let reason = refused.body["errors"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("not valid any more"), "{}", refused.body);
}

#[actix_web::test]
async fn the_hours_of_a_cohort_are_its_tenants_in_every_zone_of_a_query() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let analyst = stand.token("acme", "analyst").await;
    let late = json!({"filters": {"dimension": "hour_of_day", "in": ["23"]}});
    let id = keep(&stand, &analyst, buyers(late)).await;
    let early = json!({"dimension": "hour_of_day", "in": ["10"]});
    for (tz, hour) in [("UTC", "10"), ("Asia/Kolkata", "15")] {
        let is_hour = json!({"dimension": "hour_of_day", "in": [hour]});
        let query = json!({
            "metrics": ["events"], "filters": {"and": [{"cohort": id}, is_hour]},
            "time": {"from": "2026-03-02T00:00:00Z", "to": "2026-03-03T00:00:00Z", "tz": tz},
        });
        let answer = ask(&stand, "/v1/query", query).await;
        assert_eq!(answer["totals"]["values"]["events"], 2, "{tz}");
    }
    assert_eq!(events(&stand, json!({"and": [{"cohort": id}, early]})).await, 2);
}

#[actix_web::test]
async fn funnels_retention_sessions_windows_and_exports_are_of_the_members() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let analyst = stand.token("acme", "analyst").await;
    let id = keep(&stand, &analyst, buyers(json!({"at_least": 2}))).await;
    let regulars = json!({"cohort": id});
    let others = json!({"not": regulars});
    let steps = json!([{"event": "product_view"}, {"event": "purchase"}]);
    for (filters, expected) in [(&regulars, [1, 1]), (&others, [2, 1])] {
        let funnel = json!({"steps": steps, "time": day(), "filters": filters});
        let funnel = ask(&stand, "/v1/funnels", funnel).await;
        let counts = [0, 1].map(|step: usize| funnel["steps"][step]["count"].as_u64().unwrap());
        assert_eq!(counts, expected, "{filters}");
        let retention = json!({
            "cohort": {"event": "product_view", "filters": filters}, "time": day(),
        });
        let retention = ask(&stand, "/v1/retention", retention).await;
        assert_eq!(retention["cohorts"][0]["size"], expected[0], "{filters}");
        let windows = json!({
            "metrics": ["orders"], "window": {"type": "session"}, "time": day(), "filters": filters,
        });
        let windows = ask(&stand, "/v1/windows", windows).await;
        assert_eq!(windows["segments"], expected[0], "{filters}");
        let tumbling = json!({
            "metrics": ["visitors"], "window": {"type": "tumbling", "size": "1d"}, "time": day(),
            "filters": filters,
        });
        let tumbling = ask(&stand, "/v1/windows", tumbling).await;
        assert_eq!(tumbling["rows"][0]["values"]["visitors"], expected[0], "{filters}");
    }
    let key = stand.key("acme", "read");
    let path = format!("/v1/sessions?from=2026-03-02&to=2026-03-03&cohort={id}");
    let sessions = stand.get(&path, &key).await;
    assert_eq!(sessions.status, 200, "{}", sessions.body);
    assert_eq!(
        (&sessions.body["totals"]["keys"], &sessions.body["totals"]["events"]),
        (&json!(1), &json!(3))
    );
    for format in ["ndjson", "csv"] {
        let export = json!({"time": day(), "filters": regulars, "format": format});
        let exported = stand.request(Method::POST, "/v1/exports/events", Some(&key)).json(&export);
        let exported = exported.send().await.unwrap().text().await.unwrap();
        let has = ["ann", "bob", "cid"].map(|visitor| exported.contains(visitor));
        assert_eq!(has, [true, false, false], "{exported}");
    }
}

#[actix_web::test]
async fn a_changed_definition_changes_the_answer_at_once() {
    let stand = Stand::new().await;
    insert(&stand, shop()).await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let id = keep(&stand, &analyst, buyers(json!({}))).await;
    let path = format!("{LIST}/{id}");
    for (more, expected) in
        [(json!({"at_least": 2}), 3), (json!({}), 5), (json!({"events": ["product_view"]}), 6)]
    {
        let replaced = stand.send(Method::PUT, &path, &owner, buyers(more)).await;
        assert_eq!(replaced.status, 200, "{}", replaced.body);
        assert_eq!(events(&stand, json!({"cohort": id})).await, expected);
    }
    assert_eq!(stand.send(Method::DELETE, &path, &analyst, Value::Null).await.status, 204);
    let query = json!({"metrics": ["events"], "time": day(), "filters": {"cohort": id}});
    let refused = stand.post("/v1/query", Some(&analyst), query).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "/filters/cohort");
}
