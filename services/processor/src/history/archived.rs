use archive::{ArchivedRecord, Header};
use bytes::Bytes;
use log::Partition;
use stream::LogRecord;

/// The record as the archive keeps it.
pub(crate) fn as_archived(record: &LogRecord) -> ArchivedRecord {
    let header = |(name, value): (&str, Option<&[u8]>)| Header {
        name: name.to_owned(),
        value: value.map(Bytes::copy_from_slice),
    };
    ArchivedRecord {
        offset: record.offset,
        log_time: record.log_time,
        key: record.key.clone(),
        headers: record.headers.iter().map(header).collect(),
        payload: record.payload.clone(),
    }
}

/// The record as it came off the log.
pub(super) fn as_logged(partition: Partition, record: ArchivedRecord) -> LogRecord {
    let ArchivedRecord { offset, log_time, key, headers, payload } = record;
    let headers = headers.iter().map(|header| (header.name.as_str(), header.value.as_deref()));
    LogRecord { partition, offset, log_time, key, headers: headers.collect(), payload }
}
