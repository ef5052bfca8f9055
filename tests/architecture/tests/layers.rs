//! Folder = layer = rule: dependencies point down only, and each driver belongs to named crates.
#![cfg(test)]

use std::collections::BTreeMap;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The layers of this workspace that each layer may use.
///
/// A crate may use its own layer only if the layer lists itself.
const MAY_USE: [(&str, &[&str]); 6] = [
    ("crates/base", &["crates/base"]),
    ("crates/domain", &["crates/domain"]),
    ("crates/stores", &["crates/base", "crates/domain"]),
    ("crates/edge", &["crates/base", "crates/domain"]),
    ("services", &["crates/base", "crates/domain", "crates/edge", "crates/stores"]),
    (
        "tests",
        &["crates/base", "crates/domain", "crates/edge", "crates/stores", "services", "tests"],
    ),
];

/// Single crates that one crate may use beyond its layer's rule.
const EXCEPTIONS: [(&str, &str); 3] =
    [("footfall", "api"), ("footfall", "collector"), ("footfall", "processor")];

/// Each driver, and the crates that may use it.
const DRIVERS: [(&str, &[&str]); 13] = [
    ("actix-web", &["api", "collector", "web"]),
    ("clickhouse", &["warehouse"]),
    ("jsonwebtoken", &["auth"]),
    ("argon2", &["auth"]),
    ("fjall", &["recent-ids"]),
    ("rdkafka", &["stream"]),
    ("redis", &["aggregates"]),
    ("sqlx", &["control-plane"]),
    ("object_store", &["archive", "kms", "stream"]),
    ("parquet", &["archive", "tables"]),
    ("arrow-array", &["tables"]),
    ("arrow-ipc", &["tables"]),
    ("opentelemetry", &["telemetry"]),
];

/// The crates that `domain` crates must not use: no I/O, no runtime.
const NOT_IN_DOMAIN: [&str; 4] = ["tokio", "reqwest", "moka", "tracing"];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

fn layer(package: &Package, metadata: &Metadata) -> String {
    let folder = package.manifest_path.parent().unwrap();
    let relative = folder.strip_prefix(&metadata.workspace_root).unwrap();
    relative.parent().unwrap().to_string()
}

/// Returns every dependency between two crates of the workspace, without those of tests only.
fn dependencies(metadata: &Metadata) -> Vec<(&Package, &Package)> {
    let workspace: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (package.name.to_string(), package)).collect();
    let dependencies = metadata.packages.iter().flat_map(|from| {
        let built =
            from.dependencies.iter().filter(|uses| uses.kind != DependencyKind::Development);
        built.filter_map(|uses| Some((from, *workspace.get(&uses.name)?))).collect::<Vec<_>>()
    });
    dependencies.collect()
}

#[test]
fn dependencies_point_down_only() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for (from, to) in dependencies(&metadata) {
        let above = layer(from, &metadata);
        let below = layer(to, &metadata);
        let (_, allowed) = MAY_USE.iter().find(|(layer, _)| *layer == above).unwrap();
        let excepted = EXCEPTIONS.contains(&(from.name.as_str(), to.name.as_str()));
        if !allowed.contains(&below.as_str()) && !excepted {
            wrong.push(format!("{} ({above}) uses {} ({below})", from.name, to.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_exception_is_needed() {
    let metadata = metadata();
    let dependencies = dependencies(&metadata);
    let unused: Vec<_> = EXCEPTIONS
        .iter()
        .filter(|(from, to)| {
            !dependencies.iter().any(|(above, below)| above.name == *from && below.name == *to)
        })
        .collect();
    assert!(unused.is_empty(), "no longer needed: {unused:?}");
}

#[test]
fn each_driver_is_used_in_its_own_crate_only() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let built = package.dependencies.iter().filter(|uses| uses.kind == DependencyKind::Normal);
        for uses in built {
            let home = DRIVERS.iter().find(|(driver, _)| *driver == uses.name);
            let test_crate = layer(package, &metadata) == "tests";
            if home.is_some_and(|(_, home)| !home.contains(&package.name.as_str())) && !test_crate {
                wrong.push(format!("{} uses {}", package.name, uses.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_domain_does_no_io() {
    let metadata = metadata();
    let domain = metadata.packages.iter().filter(|one| layer(one, &metadata) == "crates/domain");
    let wrong: Vec<_> = domain
        .flat_map(|package| package.dependencies.iter().map(move |uses| (package, uses)))
        .filter(|(_, uses)| uses.kind == DependencyKind::Normal)
        .filter(|(_, uses)| NOT_IN_DOMAIN.contains(&uses.name.as_str()))
        .map(|(package, uses)| format!("{} uses {}", package.name, uses.name))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
