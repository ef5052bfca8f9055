//! Each guard can be removed from the code as it is: a patch that no longer applies proves nothing.
#![cfg(test)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn patches() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/guards")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "patch")).collect()
}

#[test]
fn every_guard_can_be_removed_from_the_code() {
    let patches = patches();
    assert!(patches.len() > 40);
    let stale: Vec<_> = patches
        .iter()
        .filter_map(|patch| {
            // Outside of a repository, as in an archive of the sources, git compares files as well.
            let mut git = Command::new("git");
            let answer = git.current_dir(root()).args(["apply", "--check"]).arg(patch).output();
            let answer = answer.expect("git is installed");
            (!answer.status.success()).then(|| String::from_utf8_lossy(&answer.stderr).into_owned())
        })
        .collect();
    assert!(stale.is_empty(), "update these patches to the code:\n{}", stale.concat());
}
