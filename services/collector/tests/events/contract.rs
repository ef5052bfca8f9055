//! The collector accepts every value that its OpenAPI description allows.

use auth::KeyKind;
use chrono::{TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

use crate::support::*;

/// Returns the schemas of the description.
fn schemas() -> Value {
    let description = serde_json::to_value(collector::openapi()).unwrap();
    description["components"]["schemas"].clone()
}

/// Returns the described values of a field: its examples, and `null` if allowed. The examples of a
/// time are computed, as they are valid for some days only.
fn values(name: &str, schema: &Value) -> Vec<Value> {
    let mut values = schema["examples"].as_array().cloned().unwrap_or_default();
    if name.ends_with("_time") || name == "sent_at" {
        let time = Utc::now() - TimeDelta::minutes(5);
        values.extend([json!(time), json!(time.to_rfc3339()), json!("")]);
        values.extend([
            json!(time.format("%Y-%m-%d %H:%M:%S+0000").to_string()),
            json!(time.format("%Y-%m-%dT%H:%MZ").to_string()),
        ]);
        let stamps = [time.timestamp(), time.timestamp_millis(), time.timestamp_micros()];
        values
            .extend(stamps.into_iter().flat_map(|stamp| [json!(stamp), json!(stamp.to_string())]));
    }
    let types = schema["type"].as_array().cloned().unwrap_or_default();
    if types.contains(&json!("null")) {
        values.push(Value::Null);
    }
    if types.contains(&json!("string")) && types.contains(&json!("null")) {
        values.push(json!(""));
    }
    assert!(!values.is_empty(), "{name} has no example");
    values
}

fn fields<'a>(schemas: &'a Value, schema: &str) -> &'a Map<String, Value> {
    schemas[schema]["properties"].as_object().unwrap()
}

#[actix_web::test]
async fn every_example_and_every_null_of_the_description_is_accepted() {
    let collector = TestCollector::new().await;
    let schemas = schemas();
    let plain = || json!({"type": "purchase", "revenue": 1, "items": [{"product_id": "p"}]});
    let mut events = Vec::new();
    for (name, schema) in fields(&schemas, "Event") {
        for value in values(name, schema) {
            let mut event = plain();
            event[name] = value;
            events.push(event);
        }
    }
    for (name, schema) in fields(&schemas, "Item") {
        for value in values(name, schema) {
            let mut event = plain();
            event["items"][0][name] = value;
            events.push(event);
        }
    }
    assert!(events.len() > 80, "{}", events.len());
    let mut bodies = vec![json!(events), json!({"events": events})];
    bodies.extend(events);
    let envelope = &schemas["Batch"]["anyOf"][1]["properties"];
    for (name, schema) in envelope.as_object().unwrap() {
        if name != "events" {
            for value in values(name, schema) {
                bodies.push(json!({name: value, "events": [plain()]}));
            }
        }
    }
    for kind in [KeyKind::Collect, KeyKind::Import] {
        for body in &bodies {
            let request = collector.post_as(collector.key("acme", kind), body.to_string());
            let answer = send(request).await;
            assert_eq!(answer.status, StatusCode::ACCEPTED, "{body}: {}", answer.body);
            let refused = answer.outcomes().iter().position(|outcome| *outcome == "rejected");
            let refused = refused.map(|place| (&body[place], &answer.body["outcomes"][place]));
            assert_eq!(refused, None);
        }
    }
}
