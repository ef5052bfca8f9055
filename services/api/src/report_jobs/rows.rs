use crate::query::{FileFormat, Format};

/// Counts the rows of a file of lines while it is written.
#[derive(Debug)]
pub(super) enum RowCounter {
    /// Each line is a row.
    Lines(u64),
    /// RFC 4180, with a header: a quoted field may have line breaks. How many lines have ended, and whether
    /// a quoted field has not.
    Csv { lines: u64, is_quoted: bool },
    /// The file is not one of lines.
    Uncounted,
}

impl RowCounter {
    pub(super) fn new(form: Format) -> Self {
        match form {
            Format::File(FileFormat::Ndjson) => Self::Lines(0),
            Format::File(FileFormat::Csv) => Self::Csv { lines: 0, is_quoted: false },
            Format::Json | Format::File(FileFormat::Parquet | FileFormat::Arrow) => Self::Uncounted,
        }
    }

    /// Counts the next part of the file.
    pub(super) fn count(&mut self, part: &[u8]) {
        match self {
            Self::Lines(lines) => {
                *lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
            }
            Self::Csv { lines, is_quoted } => {
                for byte in part {
                    match byte {
                        // A quote within a field is written twice.
                        b'"' => *is_quoted = !*is_quoted,
                        b'\n' if !*is_quoted => *lines += 1,
                        _ => {}
                    }
                }
            }
            Self::Uncounted => {}
        }
    }

    /// Returns the rows so far; `None` if they are not counted.
    pub(super) fn rows(&self) -> Option<u64> {
        match self {
            Self::Lines(lines) => Some(*lines),
            Self::Csv { lines, .. } => Some(lines.saturating_sub(1)),
            Self::Uncounted => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_wherever_the_parts_end() {
        let ndjson = "{\"a\":1}\n{\"a\":\"\\n\"}\n";
        let csv = "a,b\r\n1,\"two\nlines\"\r\n2,\"a \"\"quote\"\"\n\"\r\n";
        for (form, file, rows) in [
            (Format::File(FileFormat::Ndjson), ndjson, Some(2)),
            (Format::File(FileFormat::Ndjson), "", Some(0)),
            (Format::File(FileFormat::Csv), csv, Some(2)),
            (Format::File(FileFormat::Csv), "a,b\n", Some(0)),
            (Format::Json, "{}", None),
        ] {
            for length in 1..8 {
                let mut counter = RowCounter::new(form);
                file.as_bytes().chunks(length).for_each(|part| counter.count(part));
                assert_eq!(counter.rows(), rows, "{file:?} in parts of {length}");
            }
        }
    }
}
