use serde_json::json;
use uuid::Uuid;

use super::{LIST, buyers, keep, names};
use crate::stand::Stand;

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
