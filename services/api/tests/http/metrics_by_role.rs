//! The table of `docs/reports.md`, metric × role, is what the api does: each metric is tried for each role.

use std::collections::{BTreeMap, BTreeSet};

use metrics::Metric;
use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

const PAGE: &str = include_str!("../../../../docs/reports.md");
const HEAD: &str = "| metrics | owner |";

/// What a role gets of each metric.
type Rights = BTreeMap<String, String>;

/// Returns the roles of the table, each with its rights.
fn documented() -> BTreeMap<String, Rights> {
    let (_, table) = PAGE.split_once(HEAD).unwrap();
    let mut lines = table.lines();
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|').split('|');
        inner.map(|cell| cell.trim().replace('`', "")).collect()
    };
    let roles: Vec<_> =
        ["owner".to_owned()].into_iter().chain(cells(lines.next().unwrap())).collect();
    let mut rights = BTreeMap::<_, Rights>::new();
    for line in lines.skip(1).take_while(|line| line.starts_with('|')) {
        let row = cells(line);
        let (metrics, own) = row.split_first().unwrap();
        assert_eq!(own.len(), roles.len(), "{line}");
        for (role, right) in roles.iter().zip(own) {
            for metric in metrics.split(", ") {
                let known = rights.entry(role.clone()).or_default();
                let before = known.insert(metric.to_owned(), right.clone());
                assert_eq!(before, None, "{metric} is in two rows");
            }
        }
    }
    rights
}

/// Events of every type: one of the advertiser's campaign, two of another one, and one of none. And a visitor
/// who orders twice after ads of both campaigns: each of them has the credit of one order, and assists the other.
fn events() -> Vec<Value> {
    let types = [
        "ad_impression",
        "ad_viewable",
        "ad_click",
        "page_view",
        "product_list_view",
        "product_view",
        "add_to_cart",
        "remove_from_cart",
        "begin_checkout",
        "purchase",
        "refund",
    ];
    let mut events = Vec::new();
    for (number, campaign) in
        [Some("spring"), Some("winter"), Some("winter"), None].iter().enumerate()
    {
        let item = json!({
            "product_id": "p", "brand": "b", "quantity": number + 1, "price": format!("{}", number + 3),
        });
        for event_type in types {
            events.push(json!({
                "type": event_type, "event_time": "2026-03-02T10:00:00Z", "campaign_id": campaign,
                "visitor_id": format!("v{number}"), "customer_id": format!("c{number}"),
                "currency": "EUR", "items": [item],
                "cost": (event_type == "ad_click").then(|| format!("0.{}", number + 1)),
            }));
        }
    }
    let item = |product: &str, price: u8| json!({"product_id": product, "brand": "b", "quantity": 1, "price": price.to_string()});
    for (event_type, campaign, time, items) in [
        ("ad_click", "winter", "11:00", json!([item("p", 1)])),
        ("ad_click", "spring", "11:10", json!([item("p", 1)])),
        ("purchase", "spring", "11:20", json!([item("p", 5), item("q", 7)])),
        ("ad_click", "winter", "11:30", json!([item("p", 1)])),
        ("purchase", "winter", "11:40", json!([item("p", 11), item("q", 13)])),
    ] {
        events.push(json!({
            "type": event_type, "event_time": format!("2026-03-02T{time}:00Z"), "campaign_id": campaign,
            "visitor_id": "both", "customer_id": "both", "currency": "EUR", "items": items,
        }));
    }
    events
}

/// Returns the metrics of a query of all of them, asked by an owner.
async fn values(stand: &Stand, owner: &str, filter: Value) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for some in names().chunks(20) {
        let answer = stand.post("/v1/query", Some(owner), body(some, &filter)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        values.extend(answer.body["totals"]["values"].as_object().unwrap().clone());
    }
    values
}

fn body(metrics: &[&str], filter: &Value) -> Value {
    let known = |name: &&str| Metric::named(name).unwrap();
    let of_credit = metrics.iter().map(known).any(Metric::is_attributed);
    json!({
        "metrics": metrics, "filters": filter, "time": {"from": "2026-03-02", "to": "2026-03-03"},
        // A product matches all ads, so that there are halo sales.
        "attribution": of_credit.then(|| json!({"rule": {"match": "any"}})),
    })
}

/// Returns the names of all metrics, those of credit included.
fn names() -> Vec<&'static str> {
    Metric::ALL.into_iter().chain(Metric::ATTRIBUTED).map(Metric::as_str).collect()
}

async fn api_key(stand: &Stand, owner: &str, order: Value) -> String {
    let answer = stand.post("/v1/api-keys", Some(owner), order).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.body["key"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_role_may_ask_the_metrics_that_the_documentation_gives_it() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let owner = stand.token("acme", "owner").await;
    let limited = json!({"name": "spring", "kind": "read", "campaigns": ["spring"]});
    let import = json!({"name": "history", "kind": "import"});
    let credentials = BTreeMap::from([
        ("owner", owner.clone()),
        ("analyst", stand.token("acme", "analyst").await),
        ("read key", stand.key("acme", "read")),
        ("advertiser", stand.token("acme", "advertiser").await),
        ("limited read key", api_key(&stand, &owner, limited).await),
        ("admin", stand.access_token("admin@test.example").await),
        ("collect key", stand.key("acme", "collect")),
        ("import key", api_key(&stand, &owner, import).await),
    ]);
    let spring = json!({"dimension": "campaign", "in": ["spring"]});
    let all = values(&stand, &owner, Value::Null).await;
    let own = values(&stand, &owner, spring).await;
    let documented = documented();
    let of_credit = Metric::ATTRIBUTED.map(Metric::as_str).into_iter();
    let of_own_ads = of_credit.filter(|name| documented["advertiser"][*name] == "own");
    for name in ["impressions", "tacos"].into_iter().chain(of_own_ads) {
        assert_ne!(all[name], own[name], "{name}");
    }
    for name in ["halo_sales", "assisted_sales"] {
        assert_ne!(own[name], "0.00", "{name}");
    }

    let roles: BTreeSet<_> = documented.keys().map(String::as_str).collect();
    assert_eq!(roles, credentials.keys().copied().collect::<BTreeSet<_>>());
    for (role, rights) in &documented {
        let credential = &credentials[role.as_str()];
        let metrics: BTreeSet<_> = rights.keys().map(String::as_str).collect();
        assert_eq!(metrics, names().into_iter().collect(), "{role}: the table has each");
        for (metric, right) in rights {
            let body = body(&[metric], &Value::Null);
            let answer = stand.post("/v1/query", Some(credential), body).await;
            let expected = match right.as_str() {
                "all" => &all[metric],
                "own" => &own[metric],
                "no" => {
                    assert_eq!(answer.status, 403, "{role}: {metric}");
                    assert_eq!(answer.body["code"], "permission_denied", "{role}: {metric}");
                    continue;
                }
                other => panic!("unknown right {other} of {role}: {metric}"),
            };
            assert_eq!(answer.status, 200, "{role}: {metric}: {}", answer.body);
            assert_eq!(&answer.body["totals"]["values"][metric], expected, "{role}: {metric}");
        }
        let possible = rights.iter().filter(|(_, right)| *right != "no");
        let possible: BTreeSet<_> = possible.map(|(metric, _)| metric.as_str()).collect();
        let listed = stand.get("/v1/metrics", credential).await;
        if possible.is_empty() {
            assert_eq!(listed.status, 403, "{role}");
            continue;
        }
        let lists = ["data", "attributed"].iter();
        let listed = lists.flat_map(|list| listed.body[*list].as_array().unwrap());
        let listed: BTreeSet<_> = listed.map(|metric| metric["name"].as_str().unwrap()).collect();
        assert_eq!(listed, possible, "{role}");
    }
}
