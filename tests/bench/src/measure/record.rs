use std::{fs, path::Path};

use crate::Failure;

/// Appends a row to the first table below the heading `name` of a Markdown document.
///
/// # Errors
/// The document cannot be read or written, or has no such table.
pub(crate) fn append(document: &Path, name: &str, row: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(document)?;
    let with_row = appended(&text, name, row)
        .ok_or_else(|| format!("{} has no table below the heading {name}", document.display()))?;
    Ok(fs::write(document, with_row)?)
}

fn appended(text: &str, name: &str, row: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let heading = lines.iter().position(|line| *line == format!("## {name}"))?;
    let section = lines.get(heading + 1..)?;
    let end = section.iter().position(|line| line.starts_with("## ")).unwrap_or(section.len());
    let start = section.get(..end)?.iter().position(|line| line.starts_with('|'))?;
    let rows = section.get(start..)?.iter().take_while(|line| line.starts_with('|')).count();
    lines.insert(heading + 1 + start + rows, row);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "## a\n\n| x |\n|---|\n| 1 |\n\ntext\n\n## b\n\n| y |\n|---|\n";

    #[test]
    fn a_row_goes_to_the_end_of_its_table() {
        let text = appended(DOCUMENT, "a", "| 2 |").unwrap();
        assert_eq!(text, DOCUMENT.replace("| 1 |\n", "| 1 |\n| 2 |\n"));
        let last = appended(DOCUMENT, "b", "| 2 |").unwrap();
        assert_eq!(last, DOCUMENT.to_owned() + "| 2 |\n");
    }

    #[test]
    fn an_unknown_heading_and_a_section_without_a_table_are_refused() {
        assert_eq!(appended(DOCUMENT, "c", "| 2 |"), None);
        assert_eq!(appended("## a\n\n## b\n\n| y |\n", "a", "| 2 |"), None);
    }
}
