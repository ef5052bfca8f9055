use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    query::insert,
    stand::{Answer, Stand},
};

const LIST: &str = "/v1/cohorts";

/// Returns an event of the 2nd of March 2026; of no visitor for an empty name.
fn event(visitor: &str, time: &str, event_type: &str) -> Value {
    let visitor = Some(visitor).filter(|visitor| !visitor.is_empty());
    json!({"type": event_type, "event_time": format!("2026-03-02T{time}:00Z"), "visitor_id": visitor})
}

/// Ann buys twice and bob once; cid only looks, and an event has no visitor.
fn shop() -> Vec<Value> {
    let mut bought = event("ann", "10:10", "purchase");
    bought["customer_id"] = json!("customer of ann");
    bought["items"] = json!([
        {"product_id": "boots", "brand": "Alpine", "quantity": 1},
        {"product_id": "laces", "brand": "Alpine", "quantity": 2},
    ]);
    vec![
        event("ann", "10:00", "product_view"),
        bought,
        event("ann", "22:30", "purchase"),
        event("bob", "10:00", "product_view"),
        event("bob", "10:20", "purchase"),
        event("cid", "10:00", "product_view"),
        event("", "10:00", "product_view"),
    ]
}

/// Returns a cohort of who bought on that day.
fn buyers(more: Value) -> Value {
    let mut definition = json!({
        "events": ["purchase"], "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    definition.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"name": Uuid::now_v7(), "definition": definition})
}

async fn keep(stand: &Stand, credential: &str, order: Value) -> String {
    let kept = stand.post(LIST, Some(credential), order).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    kept.body["id"].as_str().unwrap().to_owned()
}

/// Returns how many belong to a cohort of this definition.
async fn size(stand: &Stand, analyst: &str, more: Value) -> u64 {
    let id = keep(stand, analyst, buyers(more)).await;
    let shown = stand.get(&format!("{LIST}/{id}"), analyst).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    shown.body["members"]["size"].as_u64().unwrap()
}

fn day() -> Value {
    json!({"from": "2026-03-02", "to": "2026-03-03", "tz": "UTC"})
}

async fn ask(stand: &Stand, path: &str, body: Value) -> Value {
    let answer = stand.post(path, Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Returns the number of events for which a filter holds.
async fn events(stand: &Stand, filters: Value) -> u64 {
    let query = json!({"metrics": ["events"], "time": day(), "filters": filters});
    let answer = ask(stand, "/v1/query", query).await;
    answer["totals"]["values"]["events"].as_u64().unwrap()
}

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let items = answer.body["data"].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap()).collect()
}

/// Returns a body of each route with filters, with this one.
fn filtered(filters: &Value) -> [(&'static str, Value); 7] {
    let view = || json!({"event": "product_view"});
    let own = json!({"event": "product_view", "filters": filters});
    [
        ("/v1/query", json!({"metrics": ["events"], "filters": filters})),
        (
            "/v1/windows",
            json!({"metrics": ["events"], "window": {"type": "session"}, "filters": filters}),
        ),
        ("/v1/funnels", json!({"steps": [view(), view()], "filters": filters})),
        ("/v1/funnels", json!({"steps": [view(), own]})),
        ("/v1/retention", json!({"cohort": view(), "filters": filters})),
        ("/v1/retention", json!({"cohort": own})),
        ("/v1/exports/events", json!({"filters": filters})),
    ]
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

#[actix_web::test]
async fn another_tenants_cohort_is_as_unknown_as_one_that_never_was() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let foreign = keep(&stand, &owner, buyers(json!({}))).await;
    let stranger = stand.token("globex", "owner").await;
    let never = Uuid::now_v7().to_string();
    let refusal = async |path: &str, body: Value, id: &str| {
        let refused = stand.post(path, Some(&stranger), body).await;
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
        let mut body = refused.body;
        body.as_object_mut().unwrap().remove("request_id");
        body.to_string().replace(id, "…")
    };
    for id in [&foreign, &never] {
        for (path, body) in filtered(&json!({"not": {"cohort": id}})) {
            let refused = refusal(path, body, id).await;
            assert!(refused.contains("/filters/not/cohort\""), "{path}: {refused}");
        }
        let path = format!("/v1/sessions?cohort={id}");
        let refused = stand.get(&path, &stranger).await;
        assert_eq!(refused.body["errors"][0]["pointer"], "?cohort", "{}", refused.body);
    }
    let query = |id: &str| json!({"metrics": ["events"], "filters": {"cohort": id}});
    assert_eq!(
        refusal("/v1/query", query(&foreign), &foreign).await,
        refusal("/v1/query", query(&never), &never).await
    );
    assert!(names(&stand.get(LIST, &stranger).await).is_empty());
    let path = format!("{LIST}/{foreign}");
    assert_eq!(stand.get(&path, &stranger).await.status, 404);
    let taken = stand.send(Method::PUT, &path, &stranger, buyers(json!({}))).await;
    assert_eq!(taken.status, 404);
    assert_eq!(stand.send(Method::DELETE, &path, &stranger, Value::Null).await.status, 404);
    assert_eq!(stand.get(&path, &owner).await.status, 200);
}

#[actix_web::test]
async fn a_credential_that_sees_only_some_campaigns_has_no_cohorts() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let id = keep(&stand, &owner, buyers(json!({}))).await;
    let limited = json!({"name": "partner", "kind": "read", "campaigns": ["spring"]});
    let limited = stand.post("/v1/api-keys", Some(&owner), limited).await;
    let limited = limited.body["key"].as_str().unwrap().to_owned();
    let advertiser = stand.token("acme", "advertiser").await;
    let path = format!("{LIST}/{id}");
    for credential in [&advertiser, &limited] {
        let mut refused = vec![
            stand.get(LIST, credential).await,
            stand.get(&path, credential).await,
            stand.post(LIST, Some(credential), buyers(json!({}))).await,
            stand.send(Method::PUT, &path, credential, buyers(json!({}))).await,
            stand.send(Method::DELETE, &path, credential, Value::Null).await,
            stand.get(&format!("/v1/sessions?cohort={id}"), credential).await,
        ];
        // The id need not exist: the answer does not tell.
        for id in [&id, &Uuid::now_v7().to_string()] {
            for (path, body) in filtered(&json!({"cohort": id})) {
                refused.push(stand.post(path, Some(credential), body).await);
            }
        }
        for refused in refused {
            assert_eq!(refused.status, 403, "{}", refused.body);
            assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        }
    }
    let report = json!({
        "name": "Mine", "kind": "query", "request": {"metrics": ["events"], "filters": {"cohort": id}},
    });
    let refused = stand.post("/v1/saved-reports", Some(&advertiser), report).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
}

#[actix_web::test]
async fn a_wrong_body_is_refused_with_its_pointer() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let own = keep(&stand, &analyst, buyers(json!({}))).await;
    for (more, pointer) in [
        (json!({"events": []}), "/definition/events"),
        (json!({"events": ["Nope!"]}), "/definition/events/0"),
        (json!({"by": "session"}), "/definition/by"),
        (json!({"at_least": 0}), "/definition/at_least"),
        (json!({"time": {}}), "/definition/time"),
        (json!({"time": {"last_days": 0}}), "/definition/time/last_days"),
        (json!({"since": "2026-03-01"}), "/definition/since"),
        (json!({"filters": {"cohort": own}}), "/definition/filters/cohort"),
        (
            json!({"filters": {"dimension": "contry", "in": ["DE"]}}),
            "/definition/filters/dimension",
        ),
    ] {
        let refused = stand.post(LIST, Some(&analyst), buyers(more.clone())).await;
        assert_eq!(refused.status, 422, "{more}: {}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{more}: {}", refused.body);
    }
    let mixed = json!({"or": [{"cohort": own}, {"metric": "clicks", "gt": 1}]});
    let many = vec![json!({"cohort": own}); 11];
    for (filters, pointer) in [
        (json!({"cohort": "buyers"}), "/filters/cohort"),
        (json!({"cohort": own, "in": ["x"]}), "/filters"),
        (json!({"cohort": own, "dimension": "device", "in": ["x"]}), "/filters"),
        (mixed, "/filters"),
        (json!({"or": many}), ""),
    ] {
        let query = json!({"metrics": ["events"], "filters": filters});
        let refused = stand.post("/v1/query", Some(&analyst), query).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{}", refused.body);
    }
    let mut nul = buyers(json!({"filters": {"dimension": "campaign", "in": ["\u{0}"]}}));
    let refused = stand.post(LIST, Some(&analyst), nul.clone()).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/definition", "{}", refused.body);
    nul["name"] = json!("x".repeat(101));
    let refused = stand.post(LIST, Some(&analyst), nul).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/name", "{}", refused.body);
}

#[actix_web::test]
async fn a_cohort_is_written_by_its_author_and_by_owners() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let analyst = stand.token("acme", "analyst").await;
    let key = stand.key("acme", "read");
    let owners = format!("{LIST}/{}", keep(&stand, &owner, buyers(json!({}))).await);
    let analysts = format!("{LIST}/{}", keep(&stand, &analyst, buyers(json!({}))).await);
    for (method, body) in [(Method::PUT, buyers(json!({}))), (Method::DELETE, Value::Null)] {
        for writer in [&analyst, &key] {
            let refused = stand.send(method.clone(), &owners, writer, body.clone()).await;
            assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
        }
        let written = stand.send(method, &analysts, &owner, body).await;
        assert!(written.status.is_success(), "{}", written.body);
    }
    let refused = stand.post(LIST, Some(&key), buyers(json!({}))).await;
    assert_eq!(refused.body["code"], "permission_denied", "{}", refused.body);
}

#[actix_web::test]
async fn a_name_is_given_once_and_a_tenant_has_two_hundred_cohorts() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let named = |name: &str| {
        let mut order = buyers(json!({}));
        order["name"] = json!(name);
        order
    };
    keep(&stand, &analyst, named("Buyers")).await;
    let again = stand.post(LIST, Some(&stand.token("acme", "owner").await), named("Buyers")).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("already_exists")));
    assert_eq!(again.body["errors"][0]["pointer"], "/name");
    for number in 1..200 {
        keep(&stand, &analyst, named(&format!("Cohort {number}"))).await;
    }
    let refused = stand.post(LIST, Some(&analyst), named("One more")).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("limit_reached")));
    let first = stand.get(&format!("{LIST}?limit=150"), &analyst).await;
    let link = first.headers["link"].to_str().unwrap();
    let next = link.trim_start_matches('<').split('>').next().unwrap();
    let last = stand.get(next, &analyst).await;
    assert_eq!((names(&first)[0], names(&last)[0]), ("Buyers", "Cohort 150"));
    assert_eq!(names(&last).len(), 50);
}

#[actix_web::test]
async fn a_saved_report_names_a_cohort_that_exists() {
    let stand = Stand::new().await;
    let analyst = stand.token("acme", "analyst").await;
    let id = keep(&stand, &analyst, buyers(json!({}))).await;
    let orders = |id: &str| {
        let filters = json!({"cohort": id});
        let steps = json!([{"event": "product_view"}, {"event": "purchase", "filters": filters}]);
        [
            ("query", json!({"metrics": ["events"], "filters": filters}), "/filters/cohort"),
            ("funnel", json!({"steps": steps}), "/steps/1/filters/cohort"),
            ("sessions", filters, "/cohort"),
        ]
    };
    for (kind, request, _) in orders(&id) {
        for (path, status) in [("/v1/saved-reports", 201), ("/v1/reports", 202)] {
            let mut order = json!({"kind": kind, "request": request});
            if status == 201 {
                order["name"] = json!(kind);
            }
            let made = stand.post(path, Some(&analyst), order).await;
            assert_eq!(made.status, status, "{path} {kind}: {}", made.body);
            assert_eq!(made.body["request"], request, "{path} {kind}");
        }
    }
    for (kind, request, pointer) in orders(&Uuid::now_v7().to_string()) {
        let order = json!({"name": "Unknown", "kind": kind, "request": request});
        let refused = stand.post("/v1/saved-reports", Some(&analyst), order).await;
        assert_eq!(refused.status, 422, "{kind}: {}", refused.body);
        let expected = format!("/request{pointer}");
        assert_eq!(refused.body["errors"][0]["pointer"], expected, "{kind}: {}", refused.body);
    }
}
