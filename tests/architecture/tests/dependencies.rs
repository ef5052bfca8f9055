//! No crate names a dependency that its sources do not use.
#![cfg(test)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{Metadata, MetadataCommand, Package};

/// Dependencies that a crate names for their features only.
const FEATURES_ONLY: [(&str, &str); 2] = [("archive", "reqwest"), ("kms", "reqwest")];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

/// Returns every source file of a crate.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found
}

/// Whether `text` contains `name` as a word, not as part of another.
fn names(text: &str, name: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.match_indices(name).any(|(at, _)| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        let after = text.as_bytes().get(at + name.len());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn text(package: &Package) -> String {
    let folder = package.manifest_path.parent().unwrap();
    let files = sources(folder.as_std_path());
    files.iter().map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_dependency_is_used() {
    let mut unused = Vec::new();
    for package in &metadata().packages {
        let text = text(package);
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name);
            let is_exempt = FEATURES_ONLY.contains(&(package.name.as_str(), name.as_str()));
            if !is_exempt && !names(&text, &name.replace('-', "_")) {
                unused.push(format!("{} names {name}", package.name));
            }
        }
    }
    assert!(unused.is_empty(), "{unused:#?}");
}

#[test]
fn every_workspace_dependency_is_used() {
    let metadata = metadata();
    let manifest = fs::read_to_string(metadata.workspace_root.join("Cargo.toml")).unwrap();
    let table = manifest.split("[workspace.dependencies]").nth(1).unwrap();
    let table = table.split("\n[").next().unwrap();
    let entries = table.lines().filter(|line| !line.starts_with('#'));
    let declared = entries.filter_map(|line| Some(line.split_once('=')?.0.trim()));
    let is_used = |name: &&str| {
        let mut dependencies = metadata.packages.iter().flat_map(|package| &package.dependencies);
        dependencies.any(|used| used.rename.as_ref().unwrap_or(&used.name) == *name)
    };
    let unused: Vec<_> = declared.filter(|name| !is_used(name)).collect();
    assert!(unused.is_empty(), "{unused:#?}");
}
