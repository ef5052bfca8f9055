use std::sync::Arc;

use parquet::{
    errors::ParquetError,
    schema::{parser::parse_message_type, types::TypePtr},
};

/// Part of the format: existing objects must remain readable.
const RECORD: &str = "
message record {
  REQUIRED INT32 kgen (INTEGER(16,false));
  REQUIRED INT32 partition (INTEGER(16,false));
  REQUIRED INT64 offset (INTEGER(64,false));
  REQUIRED INT64 log_time (TIMESTAMP(MILLIS,true));
  OPTIONAL BYTE_ARRAY key;
  REQUIRED GROUP headers (LIST) {
    REPEATED GROUP list {
      REQUIRED GROUP element {
        REQUIRED BYTE_ARRAY name (STRING);
        OPTIONAL BYTE_ARRAY value;
      }
    }
  }
  OPTIONAL BYTE_ARRAY payload;
}";

/// The columns, in their order.
#[derive(Clone, Copy)]
pub(super) enum Column {
    Offset = 2,
    LogTime = 3,
    Key = 4,
    HeaderName = 5,
    HeaderValue = 6,
    Payload = 7,
}

/// Definition levels of a header: no header, a header without a value, a header with one.
pub(super) const NO_HEADER: i16 = 0;
pub(super) const HEADER: i16 = 1;
pub(super) const HEADER_WITH_VALUE: i16 = 2;

/// Returns the schema: a row for each record.
pub(super) fn schema() -> Result<TypePtr, ParquetError> {
    parse_message_type(RECORD).map(Arc::new)
}
