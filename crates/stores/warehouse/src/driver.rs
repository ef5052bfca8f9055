//! Maps the driver's errors to the errors of this crate.

use std::{error::Error as _, io, time::Duration};

use clickhouse::error::Error;
use telemetry::{StoreCall, StoreFailure};

use crate::{InsertError, QueryLimit, WarehouseError};

/// Error codes of a server that cannot accept another query at the moment.
const OVERLOADED: [u32; 4] = [
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    203, // NO_FREE_CONNECTION
    236, // ABORTED: the server is shutting down
    439, // CANNOT_SCHEDULE_TASK
];

/// Error codes of a query that hit a limit.
const TOO_EXPENSIVE: [(u32, QueryLimit); 6] = [
    (158, QueryLimit::Read),   // TOO_MANY_ROWS
    (159, QueryLimit::Time),   // TIMEOUT_EXCEEDED
    (160, QueryLimit::Time),   // TOO_SLOW: by estimate, it would exceed its time
    (241, QueryLimit::Memory), // MEMORY_LIMIT_EXCEEDED
    (307, QueryLimit::Read),   // TOO_MANY_BYTES
    (396, QueryLimit::Answer), // TOO_MANY_ROWS_OR_BYTES
];

/// Error codes of an insert that was refused before its first row was written, and not because of
/// its rows: the table or the account has to be repaired, or the server has to catch up.
const REFUSED_BEFORE_WRITING: [u32; 15] = [
    10,  // NOT_FOUND_COLUMN_IN_BLOCK
    16,  // NO_SUCH_COLUMN_IN_TABLE
    60,  // UNKNOWN_TABLE
    81,  // UNKNOWN_DATABASE
    115, // UNKNOWN_SETTING
    164, // READONLY
    192, // UNKNOWN_USER
    193, // WRONG_PASSWORD
    194, // REQUIRED_PASSWORD
    202, // TOO_MANY_SIMULTANEOUS_QUERIES
    242, // TABLE_IS_READ_ONLY
    252, // TOO_MANY_PARTS: checked once, before writing
    439, // CANNOT_SCHEDULE_TASK
    497, // ACCESS_DENIED
    516, // AUTHENTICATION_FAILED
];

/// Error codes of a block with a row that the server refuses. The server reads and checks the whole
/// block before it writes any of it.
const REFUSED_ROW: [u32; 10] = [
    6,   // CANNOT_PARSE_TEXT
    27,  // CANNOT_PARSE_INPUT_ASSERTION_FAILED
    53,  // TYPE_MISMATCH
    69,  // ARGUMENT_OUT_OF_BOUND
    70,  // CANNOT_CONVERT_TYPE
    117, // INCORRECT_DATA
    131, // TOO_LARGE_STRING_SIZE
    321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
    349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
    469, // VIOLATED_CONSTRAINT
];

/// Waits for the answer to a query, at most for `limit`.
pub(crate) async fn within<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, WarehouseError> {
    StoreCall::ClickhouseRead.measure(in_time(limit, answer), WarehouseError::failure).await
}

/// Waits for the driver's answer, at most for `limit`: the driver itself has no timeout.
pub(crate) async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, WarehouseError> {
    match tokio::time::timeout(limit, answer).await {
        Ok(answer) => answer.map_err(WarehouseError::from_driver),
        Err(late) => Err(WarehouseError::Unavailable(late.into())),
    }
}

impl WarehouseError {
    /// Returns why a statement failed, for the metrics.
    pub(crate) fn failure(&self) -> Option<StoreFailure> {
        match self {
            Self::Unavailable(_) => Some(StoreFailure::Unavailable),
            Self::Refused(_) | Self::TooExpensive(..) => Some(StoreFailure::Refused),
            Self::UnknownCluster(_) | Self::Busy => None,
        }
    }

    pub(crate) fn from_driver(error: Error) -> Self {
        match &error {
            Error::Network(_) | Error::TimedOut => Self::Unavailable(error.into()),
            Error::BadResponse(text) => match code(text) {
                Some(code) if let Some(limit) = limit(code) => {
                    Self::TooExpensive(limit, error.into())
                }
                Some(code) if !OVERLOADED.contains(&code) => Self::Refused(error.into()),
                _ => Self::Unavailable(error.into()),
            },
            _ => Self::Refused(error.into()),
        }
    }
}

impl InsertError {
    /// Returns why an insert failed, for the metrics.
    pub(crate) fn failure(&self) -> Option<StoreFailure> {
        Some(match self {
            Self::InDoubt(_) | Self::Retriable(_) => StoreFailure::Unavailable,
            Self::Refused { .. } => StoreFailure::Refused,
        })
    }

    /// Treats every unclear outcome as in doubt: reading back is cheap, a lost or doubled row not.
    pub(crate) fn from_driver(error: Error) -> Self {
        match &error {
            Error::Network(_) if never_connected(&error) => Self::retriable(error),
            Error::InvalidParams(_) => Self::retriable(error),
            Error::BadResponse(text) => match code(text) {
                Some(code) if REFUSED_BEFORE_WRITING.contains(&code) => Self::retriable(error),
                Some(code) if REFUSED_ROW.contains(&code) => Self::Refused { code },
                _ => Self::InDoubt(error.into()),
            },
            _ => Self::InDoubt(error.into()),
        }
    }
}

/// Returns the number in `Code: 60. DB::Exception: …`; none when the answer is not ClickHouse's.
fn code(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("Code: ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Returns the limit that a code means.
fn limit(code: u32) -> Option<QueryLimit> {
    TOO_EXPENSIVE.into_iter().find(|(known, _)| *known == code).map(|(_, limit)| limit)
}

/// Returns whether the connection was refused, so that nothing was sent.
fn never_connected(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let refused = error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
        if refused {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert_error(text: &str) -> InsertError {
        InsertError::from_driver(Error::BadResponse(text.to_owned()))
    }

    #[test]
    fn a_query_over_a_limit_is_too_expensive_and_an_invalid_one_is_refused() {
        let error = |text: &str| WarehouseError::from_driver(Error::BadResponse(text.to_owned()));
        for (text, limit) in [
            ("Code: 158. DB::Exception: Limit for rows exceeded", QueryLimit::Read),
            ("Code: 159. DB::Exception: Timeout exceeded: elapsed 10.1 seconds", QueryLimit::Time),
            ("Code: 160. DB::Exception: Estimated query execution time", QueryLimit::Time),
            ("Code: 241. DB::Exception: Memory limit (for query) exceeded", QueryLimit::Memory),
            ("Code: 307. DB::Exception: Limit for bytes to read exceeded", QueryLimit::Read),
            ("Code: 396. DB::Exception: Limit for result exceeded", QueryLimit::Answer),
        ] {
            let error = error(text);
            assert!(
                matches!(error, WarehouseError::TooExpensive(hit, _) if hit == limit),
                "{text}: {error:?}"
            );
        }
        assert!(matches!(error("Code: 62. DB::Exception: Syntax"), WarehouseError::Refused(_)));
        assert!(matches!(error("Code: 202. DB::Exception"), WarehouseError::Unavailable(_)));
        assert!(matches!(error("502 Bad Gateway"), WarehouseError::Unavailable(_)));
    }

    #[test]
    fn an_unclear_answer_leaves_the_insert_in_doubt() {
        for text in [
            "502 Bad Gateway",
            "Code: 216. DB::Exception: Query with id = 0:t:1:0-9 is already running.",
            "Code: 241. DB::Exception: Memory limit (total) exceeded",
            "Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space",
            "Code: 74. DB::Exception: Cannot read from file",
            "Code: 75. DB::Exception: Cannot write to file",
            "Code: 33. DB::Exception: Cannot read all data",
        ] {
            assert!(matches!(insert_error(text), InsertError::InDoubt(_)), "{text}");
        }
        assert!(matches!(InsertError::from_driver(Error::TimedOut), InsertError::InDoubt(_)));
    }

    #[test]
    fn a_refused_row_is_reported_without_its_values() {
        let text =
            "Code: 469. DB::Exception: Constraint `x` is violated at row 1. Column values: 7";
        let error = insert_error(text);
        assert!(matches!(error, InsertError::Refused { code: 469 }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("values"));
    }

    #[test]
    fn an_insert_refused_before_writing_may_be_sent_again() {
        for text in [
            "Code: 252. DB::Exception: Too many parts (3001)",
            "Code: 81. DB::Exception: Database tenant_a does not exist",
        ] {
            assert!(matches!(insert_error(text), InsertError::Retriable(_)), "{text}");
        }
    }
}
