use std::{ops::Range, vec::IntoIter};

use chrono::{DateTime, Utc};
use control_plane::{ParkedPlaces, TenantControl};
use log::{Offset, Partition};
use privacy::PersonKind;
use serde_json::Value;
use stream::{Entry, LogReader, PartitionStream, StreamError};
use tenancy::ClientId;

use super::Persons;
use crate::failure::Failure;

/// How many records are taken at once, of whatever tenants.
const STEP: usize = 1_000;

/// A parked event of a person.
pub(crate) struct ParkedEvent {
    /// When the log received it.
    pub(crate) parked_at: DateTime<Utc>,
    /// The event, as it was accepted.
    pub(crate) event: Value,
}

/// The events of a tenant that were parked at one moment. Their log keeps those that are released or erased later.
pub(super) struct ParkedEvents {
    reader: LogReader,
    client_id: ClientId,
    places: ParkedPlaces,
    /// What is left to read.
    ranges: Vec<(Partition, Range<Offset>)>,
    open: Option<PartitionStream>,
    entries: IntoIter<Entry>,
}

impl ParkedEvents {
    /// Finds where they are, now.
    pub(super) async fn find(
        reader: &LogReader,
        stored: &TenantControl,
        client_id: &ClientId,
    ) -> Result<Self, Failure> {
        let topic_id = reader.topic_id().await?.to_string();
        let places = stored.parked_places(&topic_id).await?;
        let ends = reader.ends().await?.into_iter();
        let ranges = ends.map(|(partition, end)| (partition, places.first(partition)..end));
        Ok(Self {
            ranges: ranges.filter(|(_, range)| !range.is_empty()).collect(),
            reader: reader.clone(),
            client_id: client_id.clone(),
            places,
            open: None,
            entries: Vec::new().into_iter(),
        })
    }

    /// Returns the next event of one of the persons; `None` at the end.
    ///
    /// # Errors
    /// The log is unavailable.
    pub(super) async fn next(
        &mut self,
        persons: &Persons,
    ) -> Result<Option<ParkedEvent>, StreamError> {
        loop {
            let Self { client_id, places, entries, .. } = self;
            let found = entries.find_map(|entry| read(&entry, client_id, places, persons));
            if found.is_some() {
                return Ok(found);
            }
            if let Some(open) = &mut self.open {
                if let Some(batch) = open.next(STEP).await? {
                    self.entries = batch.entries.into_iter();
                    continue;
                }
                self.open = None;
            }
            let Some((partition, range)) = self.ranges.pop() else { return Ok(None) };
            // What has expired by now is stored nowhere.
            let start = self.reader.bounds(partition).await?.start.max(range.start);
            if start < range.end {
                self.open = Some(self.reader.read_range(partition, start..range.end)?);
            }
        }
    }
}

/// Returns the event of a record, if it is parked, of the tenant, and of one of the persons.
fn read(
    entry: &Entry,
    client_id: &ClientId,
    places: &ParkedPlaces,
    persons: &Persons,
) -> Option<ParkedEvent> {
    let Entry::Record(owned) = entry else { return None };
    let is_own = owned.tenant().client_id() == client_id;
    let record = owned.value();
    if !is_own || !places.include(record.partition, record.offset) {
        return None;
    }
    let event: Value = serde_json::from_slice(record.payload.as_deref()?).ok()?;
    let names = |kind, field| {
        let id = event.get(field).and_then(Value::as_str);
        id.is_some_and(|id| persons.include(kind, id))
    };
    let is_theirs =
        names(PersonKind::Visitor, "visitor_id") || names(PersonKind::Customer, "customer_id");
    is_theirs.then_some(ParkedEvent { parked_at: record.log_time, event })
}
