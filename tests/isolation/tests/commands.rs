//! The program's commands, as an operator enters them.
#![cfg(test)]

use std::process::{Command, Output};

fn isolation(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_isolation")).args(arguments).output().unwrap()
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_piece_that_does_not_exist_is_refused_and_the_others_are_named() {
    let output = isolation(&["earthquakes"]);
    assert_eq!(output.status.code(), Some(2), "{}", error(&output));
    for piece in [
        "probes",
        "sequences",
        "streams",
        "tokens",
        "ciphertexts",
        "fuzz",
        "neighbour",
        "slow",
        "erased",
    ] {
        assert!(error(&output).contains(piece), "{}", error(&output));
    }
}

#[test]
fn a_share_is_at_least_one_percent() {
    let output = isolation(&["--size", "0", "probes"]);
    assert_eq!(output.status.code(), Some(2), "{}", error(&output));
    assert!(error(&output).contains("--size"), "{}", error(&output));
}
