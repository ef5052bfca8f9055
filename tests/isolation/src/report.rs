//! Prints and records the figures.
#![expect(clippy::print_stdout, reason = "the only module that prints")]

use std::{fs, path::Path, process::Command};

use chrono::Utc;

use crate::{
    Failure,
    figures::Outcome,
    options::{Options, Piece},
};

/// The heading above the table of figures.
const HEADING: &str = "## Figures";

/// Which run a row of the table is about.
pub(crate) struct Recorded<'a> {
    pub(crate) piece: Piece,
    pub(crate) commit: &'a str,
    pub(crate) options: &'a Options,
    pub(crate) seconds: u64,
}

impl Recorded<'_> {
    /// Returns the row of a piece.
    pub(crate) fn row(&self, outcome: &Outcome) -> String {
        let Self { piece, commit, options: Options { size, seed, .. }, seconds } = self;
        let date = Utc::now().date_naive();
        let figures = outcome.figures();
        format!("| {date} | {commit} | {seed} | {size} | {piece} | {figures} | {seconds} |")
    }
}

/// Prints a line.
pub(crate) fn print_line(text: &str) {
    println!("{text}");
}

/// Returns the current commit, with `+` when tracked files differ from it.
pub(crate) fn commit() -> Result<String, Failure> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output()?;
        Ok::<_, Failure>(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "--short=10", "HEAD"])?;
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Ok(if changed { format!("{head}+") } else { head })
}

/// Appends a row to the table of figures of a Markdown document.
///
/// # Errors
/// The document cannot be read or written, or has no such table.
pub(crate) fn record(document: &Path, row: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(document)?;
    let with_row = appended(&text, row)
        .ok_or_else(|| format!("{} has no table below {HEADING}", document.display()))?;
    Ok(fs::write(document, with_row)?)
}

fn appended(text: &str, row: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let heading = lines.iter().position(|line| *line == HEADING)?;
    let below = lines.get(heading..)?;
    let start = below.iter().position(|line| line.starts_with('|'))?;
    let rows = below.iter().skip(start).take_while(|line| line.starts_with('|')).count();
    lines.insert(heading + start + rows, row);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_goes_to_the_end_of_the_table_of_figures() {
        let text = "| x |\n|---|\n\n## Figures\n\ntext\n\n| y |\n|---|\n| 1 |\n\n## More\n";
        let expected = text.replace("| 1 |\n", "| 1 |\n| 2 |\n");
        assert_eq!(appended(text, "| 2 |"), Some(expected));
        assert_eq!(appended("# Nothing\n\n| y |\n", "| 2 |"), None);
    }
}
