//! Every route is guarded or named public, and the OpenAPI files say what the code says.
#![cfg(test)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The routes that need no credential, each for its reason.
const PUBLIC: [(&str, &str); 16] = [
    ("/v1/auth/login", "it is how a person gets a token"),
    ("/v1/auth/refresh", "the refresh token is the credential"),
    ("/v1/auth/token", "the API key is the credential"),
    ("/v1/auth/logout", "the refresh token is the credential"),
    ("/v1/auth/invitations/accept", "the invitation is the credential"),
    ("/.well-known/jwks.json", "public keys"),
    ("/healthz", "liveness"),
    ("/readyz", "readiness"),
    ("/metrics", "on a port of its own; holds no tenant's name"),
    ("/openapi.json", "the contract"),
    ("/docs", "the contract, for people"),
    ("/", "leads to the contract"),
    ("/docs/collector.json", "the collector's contract"),
    ("/docs/documents.json", "names the contracts"),
    ("/docs/docs.css", "the contract, for people"),
    ("/docs/docs.js", "the contract, for people"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed(name: &str) -> Value {
    let path = root().join("openapi").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn is_public(path: &str) -> bool {
    PUBLIC.iter().any(|(public, _)| *public == path)
}

/// Every `resource("…")` that the code declares.
fn declared() -> BTreeSet<String> {
    let mut folders = ["services", "crates/edge"].map(|folder| root().join(folder)).to_vec();
    let mut routes = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let found =
                    text.split("resource(\"").skip(1).filter_map(|rest| rest.split('"').next());
                routes.extend(found.map(str::to_owned));
            }
        }
    }
    routes
}

/// Path and guard of every operation of a document.
fn operations(document: &Value) -> Vec<(String, bool)> {
    let guards = |security: &Value| {
        let alternatives = security.as_array().cloned().unwrap_or_default();
        !alternatives.is_empty()
            && alternatives.iter().all(|one| one.get("bearer").or(one.get("ticket")).is_some())
    };
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            let own = operation.get("security").unwrap_or(&document["security"]);
            operations.push((path.clone(), guards(own)));
        }
    }
    operations
}

#[test]
fn every_route_is_guarded_or_named_public() {
    let documents = [committed("api.json"), committed("collector.json")];
    let documented: Vec<_> = documents.iter().flat_map(operations).collect();
    let wrong: Vec<_> =
        documented.iter().filter(|(path, guarded)| *guarded == is_public(path)).collect();
    assert!(wrong.is_empty(), "guarded and public, or neither: {wrong:#?}");
}

#[test]
fn every_declared_route_is_documented_or_named_public() {
    let documents = [committed("api.json"), committed("collector.json")];
    let documented: Vec<_> = documents.iter().flat_map(operations).collect();
    for route in declared() {
        let known = documented.iter().any(|(path, _)| *path == route);
        assert!(known || is_public(&route), "{route} is in no OpenAPI document");
    }
}

#[test]
fn every_public_route_exists() {
    let declared = declared();
    for (route, _) in PUBLIC {
        assert!(declared.contains(route), "{route}");
    }
}

#[test]
fn the_committed_openapi_is_what_the_code_generates() {
    let advice = "run `make openapi` and commit openapi/";
    let generated = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(committed("api.json"), generated(api::openapi().to_json().unwrap()), "{advice}");
    let collector = generated(collector::openapi().to_json().unwrap());
    assert_eq!(committed("collector.json"), collector, "{advice}");
}
