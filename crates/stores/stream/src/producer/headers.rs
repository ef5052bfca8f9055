use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    RejectSource,
    record::{
        RECEIVED_AT, SCHEMA, SCHEMA_VERSION, SOURCE_KGEN, SOURCE_OFFSET, SOURCE_PARTITION,
        TRACEPARENT,
    },
};

/// The time of receipt, as it stands in a header.
pub(super) fn time(received_at: DateTime<Utc>) -> String {
    received_at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The headers that every record has.
pub(super) fn headers<'a>(
    received_at: &'a str,
    traceparent: Option<&'a str>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    [(SCHEMA, SCHEMA_VERSION), (RECEIVED_AT, received_at)]
        .into_iter()
        .chain(traceparent.map(|value| (TRACEPARENT, value)))
}

/// Where a reject that was found in the log of events stands there, as further headers.
pub(super) fn source(source: RejectSource) -> [(&'static str, String); 3] {
    let RejectSource { kgen, partition, offset } = source;
    [
        (SOURCE_KGEN, kgen.to_string()),
        (SOURCE_PARTITION, partition.to_string()),
        (SOURCE_OFFSET, offset.to_string()),
    ]
}
