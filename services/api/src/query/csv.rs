use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use csv::{Terminator, WriterBuilder};
use metrics::Value;

use super::answer::{Answered, Row, RowKind};
use crate::reports::Values;

impl Answered {
    /// Renders the rows as CSV (RFC 4180): segments, then others, then totals, distinguished by the first
    /// column. A spreadsheet would run a text that begins like a formula, so it gets an apostrophe in
    /// front; numbers stay as they are.
    ///
    /// # Errors
    /// None is known: the rows have equal lengths and are written to memory.
    pub(super) fn csv(&self) -> Result<Vec<u8>, csv::Error> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
        writer.write_record(self.header())?;
        for row in self.rows().iter().chain(&self.other_rows()) {
            writer.write_record(self.record(row))?;
        }
        let totals = self.whole(RowKind::Totals, &self.totals);
        writer.write_record(self.record(&totals))?;
        writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
    }

    fn header(&self) -> Vec<String> {
        let request = &self.request;
        let mut header = vec!["row".to_owned()];
        header.extend(request.dimensions.iter().map(|one| one.as_str().to_owned()));
        header.extend(["start", "start_utc"].map(str::to_owned));
        let columns = self.value_columns();
        header.extend(columns.iter().map(|column| column.name("")));
        if request.comparison.is_some() {
            header.push("previous_start".to_owned());
            header.extend(columns.iter().map(|column| column.name("previous_")));
            header.extend(request.metrics.iter().map(|one| format!("change_{}", one.as_str())));
        }
        header
    }

    fn record(&self, row: &Row<'_>) -> Vec<String> {
        let request = &self.request;
        let columns = self.value_columns();
        let mut record = vec![row.kind.as_str().to_owned()];
        match row.kind {
            RowKind::Segment => record.extend(row.keys.iter().map(|key| guarded(key))),
            RowKind::Others | RowKind::Totals => {
                record.extend(request.dimensions.iter().map(|_| String::new()));
            }
        }
        record.push(row.start.map_or(String::new(), |start| local(start, request.zone)));
        record.push(row.start.map_or(String::new(), |start| local(start, Tz::UTC)));
        let values = |values: Option<&Values>| {
            columns.iter().map(|column| digits(column.value(values))).collect::<Vec<_>>()
        };
        record.extend(values(row.values.as_ref()));
        if let Some(previous) = &row.previous {
            let start = row.previous_start;
            record.push(start.map_or(String::new(), |start| local(start, request.zone)));
            record.extend(values(previous.as_ref()));
        }
        if let Some(change) = &row.change {
            let changes =
                change.0.iter().map(|(_, change)| change.map_or(Value::Null, Value::Ratio));
            record.extend(changes.map(digits));
        }
        record
    }
}

/// Returns the digits of the JSON, and nothing for a value that is not defined.
pub(crate) fn digits(value: Value) -> String {
    let json = (value != Value::Null).then(|| serde_json::to_string(&value));
    json.and_then(Result::ok).unwrap_or_default().trim_matches('"').to_owned()
}

/// Returns a time with the offset of the zone.
fn local(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Returns a text that no spreadsheet runs as a formula (OWASP: CSV injection).
pub(crate) fn guarded(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_begins_like_a_formula_is_guarded() {
        for text in ["=1+1", "+1", "-1", "@a", "\tx", "\rx"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        assert_eq!(guarded("a=1"), "a=1");
    }

    #[test]
    fn times_have_the_offset_of_the_zone() {
        let time = "2026-03-28T23:00:00Z".parse().unwrap();
        assert_eq!(local(time, chrono_tz::Europe::Berlin), "2026-03-29T00:00:00+01:00");
        assert_eq!(local(time, Tz::UTC), "2026-03-28T23:00:00Z");
    }
}
