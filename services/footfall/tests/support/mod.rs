//! Runs the program as from a shell.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A key encryption key for tests.
pub(crate) const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// Returns a command for the program with an empty environment.
pub(crate) fn footfall(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_footfall"));
    command.args(arguments).env_clear();
    command
}

/// Returns standard output and standard error.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Writes a file with these contents.
pub(crate) fn written(folder: &Path, name: &str, contents: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, contents).unwrap();
    path
}
