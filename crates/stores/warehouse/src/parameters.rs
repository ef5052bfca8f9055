//! Parameters that several of the platform's queries share.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use clickhouse::query::Query;
use log::LogRange;

/// Binds a range of the log and its log times.
pub(crate) fn bind_range(
    query: Query,
    range: LogRange,
    logged: &RangeInclusive<DateTime<Utc>>,
) -> Query {
    bind_start(bind_times(query, logged), range).param("last", range.last)
}

/// Binds the partition and the first offset of a range.
pub(crate) fn bind_start(query: Query, range: LogRange) -> Query {
    query
        .param("kgen", range.generation)
        .param("partition", range.partition)
        .param("first", range.first)
}

/// Binds the log times that bound what the server reads.
pub(crate) fn bind_times(query: Query, logged: &RangeInclusive<DateTime<Utc>>) -> Query {
    query
        .param("from", logged.start().timestamp_millis())
        .param("to", logged.end().timestamp_millis())
}
