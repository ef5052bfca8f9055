//! Settings as an operator uses them.
#![cfg(test)]

mod support;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use support::{KEY, footfall, texts, written};

#[test]
fn wrong_settings_are_named_with_their_source() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), "footfall.toml", "[kafka]\nbroker = \"k:9092\"\n");
    let output = footfall(&["config", "check", "--config"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let expected = format!(
        "footfall: {}:2: there is no setting `kafka.broker`, did you mean `kafka.brokers`?\n",
        file.display()
    );
    assert_eq!(texts(&output).1, expected);
}

#[test]
fn settings_are_shown_with_their_origin_and_without_their_secrets() {
    let output = footfall(&["config", "show"])
        .env("FOOTFALL__POSTGRES__URL", "postgres://footfall:hunter2@db/footfall")
        .env("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", KEY)
        .env("FOOTFALL__API__BIND", "0.0.0.0:9000")
        .output()
        .unwrap();
    let (stdout, stderr) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let line =
        |start: &str| stdout.lines().find(|line| line.starts_with(start)).unwrap_or_default();
    assert!(
        line("api.bind = ").ends_with("# environment variable FOOTFALL__API__BIND"),
        "{stdout}"
    );
    assert!(line("kafka.partitions = 12").ends_with("# defaults"), "{stdout}");
    assert!(line("postgres.url = ").contains("***"), "{stdout}");
    assert!(!stdout.contains("hunter2") && !stdout.contains("AAAA"), "{stdout}");
}

#[test]
fn a_variable_with_one_underscore_instead_of_two_is_refused_with_the_right_name() {
    let output = footfall(&["config", "check"])
        .env("FOOTFALL__POSTGRES__URL", "postgres://footfall:hunter2@db/footfall")
        .env("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", KEY)
        .env("FOOTFALL_API_BIND", "0.0.0.0:9000")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        texts(&output).1,
        "footfall: environment variable FOOTFALL_API_BIND sets nothing: \
         did you mean FOOTFALL__API__BIND?\n"
    );
}

/// The root of the workspace.
fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Collects every name with one underscore after `FOOTFALL` that scripts and commands use.
fn names_of_scripts(path: &Path, names: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            names_of_scripts(&entry.unwrap().path(), names);
        }
        return;
    }
    let Ok(text) = std::fs::read_to_string(path) else { return };
    for rest in text.split("FOOTFALL_").skip(1) {
        let is_of_name = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '_';
        let name: String = rest.chars().take_while(is_of_name).collect();
        if !name.is_empty() && !name.starts_with('_') {
            names.insert(format!("FOOTFALL_{name}"));
        }
    }
}

#[test]
fn the_names_that_scripts_and_commands_use_are_accepted() {
    let mut names = BTreeSet::new();
    for place in ["infra", "Makefile", "compose.yaml", "services/footfall/src/cli.rs"] {
        names_of_scripts(&workspace().join(place), &mut names);
    }
    names.extend(["FOOTFALL_ADMIN_EMAIL", "FOOTFALL_ADMIN_PASSWORD"].map(str::to_owned));
    for known in ["FOOTFALL_STACK_DIR", "FOOTFALL_API", "FOOTFALL_COLLECTOR", "FOOTFALL_KEY"] {
        assert!(names.contains(known), "{known}: {names:?}");
    }
    let output = footfall(&["config", "check"])
        .env("FOOTFALL__POSTGRES__URL", "postgres://footfall:hunter2@db/footfall")
        .env("FOOTFALL__SECRETS__KEY_ENCRYPTION_KEY", KEY)
        .envs(names.iter().filter(|name| *name != "FOOTFALL_CONFIG").map(|name| (name, "1")))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", texts(&output));
}
