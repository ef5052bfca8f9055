//! The OpenAPI document: well formed, and consistent with the routes.
#![cfg(test)]

use std::collections::BTreeSet;

use attribution::Rule;
use metrics::{Granularity, Metric};
use serde_json::Value;

fn description() -> Value {
    serde_json::to_value(api::openapi()).unwrap()
}

fn operations(description: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = description["paths"].as_object().unwrap().iter();
    paths
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
        })
        .collect()
}

#[test]
fn every_operation_has_a_unique_name_and_a_summary() {
    let description = description();
    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&description) {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{method} {path}: {name} is not unique");
        assert!(operation["summary"].is_string(), "{method} {path}");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"];
        assert_eq!(problem["schema"]["$ref"], "#/components/schemas/Problem", "{method} {path}");
    }
}

#[test]
fn an_operation_is_public_exactly_when_it_is_on_the_list() {
    for (path, method, operation) in operations(&description()) {
        let open = operation["security"] == serde_json::json!([{}]);
        assert_eq!(open, api::PUBLIC_ROUTES.contains(&path), "{method} {path}");
    }
}

#[test]
fn every_reference_exists() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let description = description();
    let mut found = Vec::new();
    references(&description, &mut found);
    assert!(found.len() > 30);
    for reference in found {
        let target = description.pointer(reference.trim_start_matches('#'));
        assert!(target.is_some(), "{reference}");
    }
}

#[test]
fn metrics_granularities_and_attributions_match_the_catalogue() {
    let description = description();
    let parameters = &description["paths"]["/v1/campaigns/{id}/metrics"]["get"]["parameters"];
    let schema = |name| {
        let parameters = parameters.as_array().unwrap();
        &parameters.iter().find(|parameter| parameter["name"] == name).unwrap()["schema"]
    };
    let granularities = Granularity::ALL.map(Granularity::as_str);
    assert_eq!(schema("granularity")["enum"], serde_json::json!(granularities));
    let metrics = Metric::ALL.map(Metric::as_str).to_vec();
    assert_eq!(schema("metrics")["items"]["enum"], serde_json::json!(metrics));
    let schemas = &description["components"]["schemas"];
    let of_queries: Vec<_> =
        metrics.into_iter().chain(Metric::ATTRIBUTED.map(Metric::as_str)).collect();
    assert_eq!(schemas["QueryMetricName"]["enum"], serde_json::json!(of_queries));
    let presets = Rule::PRESETS.map(|(name, _)| name);
    let attributions: Vec<_> = ["declared"].into_iter().chain(presets).collect();
    assert_eq!(schemas["AttributionName"]["enum"], serde_json::json!(attributions));
    let values = schemas["MetricValues"]["properties"].clone();
    for metric in of_queries {
        assert!(values[metric].is_object(), "{metric}");
    }
}
