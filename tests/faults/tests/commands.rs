//! The program's commands, as an operator enters them.
#![cfg(test)]

use std::process::{Command, Output};

fn faults(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_faults")).args(arguments).output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_scenario_that_does_not_exist_is_refused() {
    let output = faults(&["earthquakes"]);
    assert_eq!(output.status.code(), Some(2), "{}", error(&output));
    assert!(error(&output).contains("'earthquakes'"), "{}", error(&output));
}

#[test]
fn a_share_is_at_least_one_percent() {
    let output = faults(&["--size", "0", "slice"]);
    assert_eq!(output.status.code(), Some(2), "{}", error(&output));
    assert!(error(&output).contains("--size"), "{}", error(&output));
}

#[test]
fn servers_that_are_not_its_own_are_not_broken() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faults"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FOOTFALL_")) {
        command.env_remove(name);
    }
    command.args(["--results", env!("CARGO_TARGET_TMPDIR"), "--size", "1", "kills"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("no stack to kill"), "{output:?}");
}
