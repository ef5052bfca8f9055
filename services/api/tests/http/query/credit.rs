//! Credit in a query is that of `POST /v1/attribution`, in the form of every query.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{insert, query};
use crate::{
    attribution::touch,
    report_jobs::{ended, file},
    stand::{Answer, Stand, answer},
};

pub(super) const METRICS: [&str; 10] = [
    "attributed_orders",
    "attributed_units",
    "attributed_sales",
    "attributed_net_sales",
    "promoted_sales",
    "halo_sales",
    "assisted_sales",
    "spend",
    "attributed_roas",
    "attributed_acos",
];

/// The numbers of a segment in a bucket, by its keys and its start; in each other currency, too.
type Cells = BTreeMap<String, BTreeMap<String, Value>>;

pub(super) fn time(granularity: &str) -> Value {
    json!({"from": "2026-03-18", "to": "2026-03-22", "tz": "Asia/Kolkata", "granularity": granularity})
}

/// Visitors who see and click ads of three campaigns, order in two currencies, and send some of it back.
pub(super) fn events() -> Vec<Value> {
    let campaigns = ["spring", "winter", "outlet"];
    let mut events = Vec::new();
    for visitor in 0..18_u8 {
        let number = usize::from(visitor);
        let who = format!("v{visitor}");
        let item = |product: usize| json!({"product_id": format!("p{}", product % 4), "quantity": 1 + product % 3, "price": "7.35"});
        let currency = if number % 4 == 3 { "USD" } else { "EUR" };
        for step in 0..3_u8 {
            let (next, after) = (number + usize::from(step), usize::from(step));
            let kinds = ["ad_click", "ad_impression"];
            let kind = kinds[(next % 5) % 2];
            let campaign = match number % 2 {
                0 => campaigns[(next / 2) % 3],
                _ => campaigns[(number * (after + 1) + after) % 3],
            };
            let at = format!("{}T{:02}:30:00", 18 + next % 3, 3 + (7 * next) % 20);
            let mut ad = touch(&who, kind, campaign, &at, 3 * visitor + step);
            ad["items"] = json!([item(next)]);
            ad["placement"] = json!(["home", "search"][next % 2]);
            ad["cost"] = json!(format!("0.{}", 11 + next));
            ad["currency"] = json!(currency);
            events.push(ad);
        }
        events.push(json!({
            "type": "purchase", "visitor_id": who, "order_id": format!("o{visitor}"),
            "event_time": format!("2026-03-{}T{:02}:10:00Z", 19 + number % 3, number % 24),
            "campaign_id": campaigns[number % 2], "currency": currency,
            "items": [item(number), item(number + 1)],
        }));
        if number % 3 == 0 {
            events.push(json!({
                "type": "refund", "order_id": format!("o{visitor}"), "currency": currency,
                "event_time": "2026-03-24T09:00:00Z", "items": [item(number)],
            }));
        }
    }
    events
}

fn is_nothing(values: &Value) -> bool {
    let zero = [Value::Null, json!(0), json!(0.0), json!("0.00")];
    values.as_object().unwrap().values().all(|value| zero.contains(value))
}

/// Adds the numbers of a row of either answer, unless there are none.
fn add(cells: &mut Cells, about: String, values: &Map<String, Value>) {
    let mut own = Value::Object(values.clone());
    let fields = own.as_object_mut().unwrap();
    let others = fields.remove("by_currency").unwrap_or(json!({}));
    fields.retain(|name, _| METRICS.contains(&name.as_str()));
    let mut of_row = BTreeMap::from([("EUR".to_owned(), own)]);
    of_row
        .extend(others.as_object().unwrap().clone().into_iter().filter(|(code, _)| code != "EUR"));
    of_row.retain(|_, values| !is_nothing(values));
    if !of_row.is_empty() {
        cells.insert(about, of_row);
    }
}

fn about(row: &Value, dimensions: &[&str]) -> String {
    let keys = dimensions.iter().map(|name| row[name].as_str().unwrap());
    keys.chain([row["start"].as_str().unwrap()]).collect::<Vec<_>>().join(" ")
}

/// Returns the cells of an answer to a query, and its totals.
fn of_query(answer: &Value, dimensions: &[&str]) -> Cells {
    let mut cells = Cells::new();
    for row in answer["rows"].as_array().unwrap() {
        add(&mut cells, about(row, dimensions), row["values"].as_object().unwrap());
    }
    add(&mut cells, "totals".to_owned(), answer["totals"]["values"].as_object().unwrap());
    cells
}

/// Returns those of the only rule of an answer of attribution.
fn of_attribution(answer: &Value, dimensions: &[&str]) -> Cells {
    let rule = &answer["rules"][0];
    let mut cells = Cells::new();
    for row in rule["rows"].as_array().unwrap() {
        add(&mut cells, about(row, dimensions), row.as_object().unwrap());
    }
    add(&mut cells, "totals".to_owned(), rule["totals"].as_object().unwrap());
    cells
}

pub(super) async fn post(stand: &Stand, path: &str, credential: &str, body: Value) -> Value {
    let answer = stand.post(path, Some(credential), body.clone()).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    answer.body
}

#[actix_web::test]
async fn credit_in_a_query_is_that_of_attribution() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let all = stand.key("acme", "read");
    let advertiser = stand.token("acme", "advertiser").await;
    let rule = |rule: Value| json!({"rule": rule, "date_basis": "conversion", "by": "visitor"});
    let mut asked = 0;
    for (attribution, of_rule, basis, by) in [
        (json!("criteo_display"), json!({"preset": "criteo_display"}), "conversion", "visitor"),
        (rule(json!({"match": "any"})), json!({"match": "any"}), "conversion", "visitor"),
        (
            json!({"rule": {"model": "linear", "match": "any"}, "date_basis": "interaction"}),
            json!({"model": "linear", "match": "any"}),
            "interaction",
            "visitor",
        ),
        (
            json!({"rule": {"model": "time_decay", "view_window": "7d"}, "by": "session"}),
            json!({"model": "time_decay", "view_window": "7d"}),
            "conversion",
            "session",
        ),
    ] {
        for (dimensions, granularity) in [
            (&["campaign"][..], "total"),
            (&["campaign"], "day"),
            (&["placement", "campaign"], "hour"),
        ] {
            for credential in [&all, &advertiser] {
                let body = json!({
                    "metrics": METRICS, "dimensions": dimensions, "time": time(granularity),
                    "attribution": attribution,
                });
                let own = post(&stand, "/v1/query", credential, body.clone()).await;
                let side = json!({
                    "rules": [of_rule], "dimensions": dimensions, "time": time(granularity),
                    "date_basis": basis, "by": by,
                });
                let side = post(&stand, "/v1/attribution", credential, side).await;
                let [found, expected] =
                    [of_query(&own, dimensions), of_attribution(&side, dimensions)];
                assert_eq!(found, expected, "{body}");
                assert_eq!(own["attribution"]["rule"], side["rules"][0]["rule"], "{body}");
                assert_eq!(own["attribution"]["date_basis"], basis);
                assert_eq!(own["attribution"]["by"], by);
                assert_eq!(own["query"]["attribution"], own["attribution"]);
                asked += found.len();
            }
        }
    }
    assert!(asked > 100, "{asked} cells are compared");
}

#[actix_web::test]
async fn credit_is_compared_filtered_and_ranked_as_every_number() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let attribution = json!({"rule": {"model": "linear", "match": "any"}});
    let ask = async |change: Value| {
        let mut body = json!({
            "metrics": ["attributed_sales", "attributed_orders", "spend"], "dimensions": ["campaign"],
            "time": time("total"), "attribution": attribution,
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        query(&stand, body).await
    };
    let whole = ask(json!({})).await;
    let cells = |answer: &Value| of_query(answer, &["campaign"]);
    assert_eq!(whole["rows"].as_array().unwrap().len(), 3, "{whole}");

    // Ads are selected by what the query need not divide by, and others compete for the credit all the same.
    let home = json!({"dimension": "placement", "in": ["home"]});
    let filtered = ask(json!({"filters": home, "dimensions": ["campaign"]})).await;
    let by_both = ask(json!({"dimensions": ["placement", "campaign"]})).await;
    let rows = by_both["rows"].as_array().unwrap().iter();
    let expected: BTreeMap<_, _> = rows
        .filter(|row| row["placement"] == "home")
        .map(|row| (row["campaign"].to_string(), row["values"]["attributed_sales"].clone()))
        .collect();
    let rows = filtered["rows"].as_array().unwrap().iter();
    let found: BTreeMap<_, _> = rows
        .map(|row| (row["campaign"].to_string(), row["values"]["attributed_sales"].clone()))
        .collect();
    assert_eq!(found, expected);
    let rest = ask(json!({"filters": {"not": home}})).await;
    let millionths = |value: &Value| -> i64 {
        let amount: f64 = value.as_str().unwrap().parse().unwrap();
        (amount * 1_000_000.0).round() as i64
    };
    let total = |answer: &Value| millionths(&answer["totals"]["values"]["attributed_sales"]);
    assert_eq!(total(&filtered) + total(&rest), total(&whole));

    // The largest one, and all others.
    let top = json!({"top": {"n": 1, "by": "attributed_orders", "others": true}});
    let top = ask(top).await;
    let shown = &top["rows"][0]["values"]["attributed_sales"];
    let others = &top["others"]["values"]["attributed_sales"];
    assert_eq!(millionths(shown) + millionths(others), total(&whole));
    assert_eq!(top["totals"], whole["totals"]);
    let least = ask(json!({"order": [["attributed_orders", "asc"]]})).await;
    assert_ne!(least["rows"][0]["campaign"], top["rows"][0]["campaign"]);
    let bound = &whole["rows"][0]["values"]["attributed_sales"];
    let best = ask(json!({"filters": {"metric": "attributed_sales", "gte": bound}})).await;
    assert_eq!(best["rows"].as_array().unwrap().len(), 1, "{best}");
    assert_eq!(best["rows"][0], whole["rows"][0]);

    // The earlier period is a query of its own.
    let day = |from: &str, to: &str| json!({"from": from, "to": to, "tz": "Asia/Kolkata"});
    let compared = ask(json!({
        "time": day("2026-03-20", "2026-03-21"), "compare": {"to": "previous_period"},
    }))
    .await;
    let earlier = ask(json!({"time": day("2026-03-19", "2026-03-20")})).await;
    for name in ["attributed_sales", "attributed_orders", "spend"] {
        let previous = &compared["totals"]["previous"][name];
        assert_eq!(previous, &earlier["totals"]["values"][name], "{name}");
    }

    // Numbers of events stand beside it, also without a dimension.
    let mixed = json!({"metrics": ["clicks", "sales", "attributed_sales"], "dimensions": []});
    let mixed = ask(mixed).await;
    let declared = json!({"metrics": ["clicks", "sales"], "time": time("total")});
    let declared = query(&stand, declared).await;
    for name in ["clicks", "sales"] {
        assert_eq!(mixed["totals"]["values"][name], declared["totals"]["values"][name], "{name}");
    }
    assert_eq!(total(&mixed), total(&whole));
    assert_eq!(declared["attribution"], "declared");
    assert_eq!(cells(&ask(json!({"limit": 50})).await), cells(&whole));
}

/// Waits until an accepted job is done. Returns the JSON that it has made.
async fn made(stand: &Stand, accepted: &Answer, key: &str) -> Value {
    let path = accepted.headers["location"].to_str().unwrap();
    let job = ended(stand, path, key).await;
    assert_eq!(job["state"], "done", "{job}");
    let (_, bytes) = file(stand, path, key).await;
    serde_json::from_slice(&bytes).unwrap()
}

#[actix_web::test]
async fn credit_is_in_files_and_jobs() {
    let stand = Stand::new().await;
    insert(&stand, events()).await;
    let key = stand.key("acme", "read");
    let body = json!({
        "metrics": ["attributed_orders", "attributed_sales"], "dimensions": ["campaign"],
        "time": time("total"), "attribution": {"rule": {"model": "linear", "match": "any"}},
    });
    let json = query(&stand, body.clone()).await;
    let mut asked = body.clone();
    asked["format"] = json!("ndjson");
    let asked = stand.request(Method::POST, "/v1/query", Some(&key)).json(&asked);
    let text = asked.send().await.unwrap().text().await.unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let segments: Vec<_> = lines.iter().filter(|line| line["row"] == "segment").collect();
    let rows = json["rows"].as_array().unwrap();
    assert_eq!(segments.len(), rows.len());
    for (line, row) in segments.iter().zip(rows) {
        assert_eq!((&line["campaign"], &line["values"]), (&row["campaign"], &row["values"]));
    }
    let preferred = stand.request(Method::POST, "/v1/query", Some(&key)).json(&body);
    let preferred = answer(preferred.header("prefer", "respond-async")).await;
    assert_eq!(preferred.status, 202, "{}", preferred.body);
    let own = made(&stand, &preferred, &key).await;
    assert!(!rows.is_empty());
    assert_eq!((&own["rows"], &own["totals"]), (&json["rows"], &json["totals"]));
    assert_eq!(own["attribution"], json["attribution"]);
    let mut named = body;
    named["attribution"] = json!("ga4_last_click");
    let order = json!({"kind": "query", "request": named});
    let job = stand.post("/v1/reports", Some(&key), order).await;
    assert_eq!(job.status, 202, "{}", job.body);
    assert_eq!(job.body["request"]["attribution"], "ga4_last_click");
    let own = made(&stand, &job, &key).await;
    let json = query(&stand, named).await;
    assert!(!json["rows"].as_array().unwrap().is_empty());
    assert_eq!((&own["rows"], &own["totals"]), (&json["rows"], &json["totals"]));
}
