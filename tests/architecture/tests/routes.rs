//! Every route is guarded or named public, and the OpenAPI files say what the code says.
#![cfg(test)]

use std::{fs, path::Path};

use serde_json::Value;

/// The routes that need no credential, each for its reason.
const PUBLIC: [(&str, &str); 9] = [
    ("post /v1/auth/login", "it is how a person gets a token"),
    ("post /v1/auth/refresh", "the refresh token is the credential"),
    ("post /v1/auth/token", "the API key is the credential"),
    ("post /v1/auth/logout", "the refresh token is the credential"),
    ("get /.well-known/jwks.json", "public keys"),
    ("get /healthz", "liveness"),
    ("get /readyz", "readiness"),
    ("get /metrics", "scraped inside the cluster; holds no tenant's name"),
    ("get /openapi.json", "the contract"),
];

fn committed(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
    });
    operations.collect()
}

#[test]
fn every_route_is_guarded_or_named_public() {
    for name in ["api.json", "collector.json"] {
        let document = committed(name);
        let unguarded: Vec<_> = operations(&document)
            .into_iter()
            .filter(|(_, operation)| operation["security"].as_array().is_none_or(Vec::is_empty))
            .map(|(route, _)| route)
            .filter(|route| !PUBLIC.iter().any(|(public, _)| public == route))
            .collect();
        assert!(unguarded.is_empty(), "{name}: {unguarded:#?}");
    }
}

#[test]
fn every_public_route_exists() {
    let documents = [committed("api.json"), committed("collector.json")];
    let routes: Vec<_> =
        documents.iter().flat_map(operations).map(|(route, _)| route).collect();
    for (route, _) in PUBLIC {
        assert!(routes.iter().any(|known| known == route), "{route}");
    }
}

#[test]
fn the_committed_openapi_is_what_the_code_generates() {
    let advice = "run `cargo run -- openapi` and commit openapi/";
    let generated = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(committed("api.json"), generated(api::openapi().to_json().unwrap()), "{advice}");
    assert_eq!(
        committed("collector.json"),
        generated(collector::openapi().to_json().unwrap()),
        "{advice}"
    );
}
