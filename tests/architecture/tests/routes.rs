//! Every route is guarded or listed as public, and the OpenAPI files match the code.
#![cfg(test)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The routes that need no credential, each with its reason.
const PUBLIC: [(&str, &str); 20] = [
    ("/v1/auth/login", "a user gets a token here"),
    ("/v1/auth/refresh", "the refresh token is the credential"),
    ("/v1/auth/token", "the API key is the credential"),
    ("/v1/auth/logout", "the refresh token is the credential"),
    ("/v1/auth/invitations/accept", "the invitation is the credential"),
    ("/v1/auth/second-factor", "address and password are the credential"),
    ("/v1/auth/second-factor/removal", "address, password and code are the credential"),
    ("/.well-known/jwks.json", "public keys"),
    ("/healthz", "liveness"),
    ("/readyz", "readiness"),
    ("/metrics", "on a separate port; contains no tenant's name"),
    ("/openapi.json", "the contract"),
    ("/docs", "the contract, for people"),
    ("/", "leads to the console, or to the contract"),
    ("/console", "leads to the console"),
    ("/console/{path:.*}", "the console's files, which contain no data"),
    ("/docs/collector.json", "the collector's contract"),
    ("/docs/documents.json", "lists the contracts"),
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

/// Returns every `resource("…")` that the code declares outside of a route table. The paths of a table
/// come from its OpenAPI document.
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

/// Returns the path of every operation of a document, and whether it is guarded.
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
fn every_route_is_guarded_or_listed_as_public() {
    let documents = [committed("api.json"), committed("collector.json")];
    let documented: Vec<_> = documents.iter().flat_map(operations).collect();
    let wrong: Vec<_> =
        documented.iter().filter(|(path, guarded)| *guarded == is_public(path)).collect();
    assert!(wrong.is_empty(), "guarded and public, or neither: {wrong:#?}");
}

#[test]
fn every_declared_route_is_documented_or_listed_as_public() {
    let documents = [committed("api.json"), committed("collector.json")];
    let documented: Vec<_> = documents.iter().flat_map(operations).collect();
    for route in declared() {
        let known = documented.iter().any(|(path, _)| *path == route);
        assert!(known || is_public(&route), "{route} is in no OpenAPI document");
    }
}

#[test]
fn every_public_route_exists() {
    let documents = [committed("api.json"), committed("collector.json")];
    let documented = documents.iter().flat_map(operations).map(|(path, _)| path);
    let served: BTreeSet<_> = declared().into_iter().chain(documented).collect();
    for (route, _) in PUBLIC {
        assert!(served.contains(route), "{route}");
    }
}

#[test]
fn the_committed_openapi_matches_the_code() {
    let advice = "run `make openapi` and commit openapi/";
    let generated = |text: String| serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(committed("api.json"), generated(api::openapi().to_json().unwrap()), "{advice}");
    let collector = generated(collector::openapi().to_json().unwrap());
    assert_eq!(committed("collector.json"), collector, "{advice}");
}
