use chrono::{DateTime, SecondsFormat, Utc};

use crate::record::{RECEIVED_AT, SCHEMA, SCHEMA_VERSION, TRACEPARENT};

/// Formats the time of receipt for a header.
pub(super) fn time(received_at: DateTime<Utc>) -> String {
    received_at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Returns the headers of every record.
pub(super) fn headers<'a>(
    received_at: &'a str,
    traceparent: Option<&'a str>,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    [(SCHEMA, SCHEMA_VERSION), (RECEIVED_AT, received_at)]
        .into_iter()
        .chain(traceparent.map(|value| (TRACEPARENT, value)))
}
