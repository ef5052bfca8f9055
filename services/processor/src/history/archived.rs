use std::collections::{BTreeMap, BTreeSet};

use archive::{ArchivedRecord, Header};
use bytes::Bytes;
use events::CanonicalEvent;
use log::Partition;
use privacy::ErasedPersons;
use stream::LogRecord;
use tenancy::ClientId;

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

/// Erases the records of some tenants, such as those that are erased: only their places are archived. Returns the
/// tenants that had some.
pub(crate) fn erase_records_of<'a>(
    erased: &'a [ClientId],
    records: &mut [ArchivedRecord],
) -> BTreeSet<&'a ClientId> {
    let erased: BTreeMap<&[u8], &ClientId> =
        erased.iter().map(|tenant| (tenant.as_str().as_bytes(), tenant)).collect();
    let mut found = BTreeSet::new();
    for record in records {
        let tenant = record.key.as_deref().and_then(|key| erased.get(key));
        if let Some(tenant) = tenant {
            found.insert(*tenant);
            record.erase();
        }
    }
    found
}

/// Whether the record is of a person that was erased: as an event, or, if it cannot be read as one, as a
/// document without a schema.
pub(crate) fn is_of_erased_person(persons: &ErasedPersons, record: &ArchivedRecord) -> bool {
    let key = record.key.as_deref().and_then(|key| str::from_utf8(key).ok());
    let Some(tenant) = key.and_then(|key| key.parse::<ClientId>().ok()) else { return false };
    if !persons.concern(&tenant) {
        return false;
    }
    let payload = record.payload.as_deref().unwrap_or_default();
    match CanonicalEvent::read(payload) {
        Ok(event) => persons.include(&tenant, &event),
        Err(_) => persons.include_document(&tenant, record.log_time, payload),
    }
}

/// The record as it came off the log.
pub(super) fn as_logged(partition: Partition, record: ArchivedRecord) -> LogRecord {
    let ArchivedRecord { offset, log_time, key, headers, payload } = record;
    let headers = headers.iter().map(|header| (header.name.as_str(), header.value.as_deref()));
    LogRecord { partition, offset, log_time, key, headers: headers.collect(), payload }
}
