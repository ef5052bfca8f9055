use std::collections::HashSet;

use bytes::Bytes;
use events::{Admission, Event, parse};
use stream::RejectedRecord;

use super::receipt::Outcome;

/// A batch, sorted by what is to be done with each event. Outcomes are those that follow if all of
/// it can be stored.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) accepted: Places<Event>,
    pub(super) rejected: Places<RejectedRecord>,
}

/// Values, each with the place its event has in the batch.
#[derive(Debug)]
pub(super) struct Places<T> {
    pub(super) at: Vec<usize>,
    pub(super) values: Vec<T>,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Self { at: Vec::new(), values: Vec::new() }
    }
}

impl<T> Places<T> {
    fn push(&mut self, place: usize, value: T) {
        self.at.push(place);
        self.values.push(value);
    }
}

/// Reads every event of a batch.
pub(super) fn sort(events: &[&[u8]], admission: &Admission) -> Sorted {
    let mut sorted = Sorted::default();
    let mut seen = HashSet::new();
    for (place, raw) in events.iter().enumerate() {
        let outcome = match parse(raw, admission) {
            Ok(event) if !seen.insert(event.event_id) => {
                Outcome::DuplicateInBatch { event_id: event.event_id }
            }
            Ok(event) => {
                let event_id = event.event_id;
                sorted.accepted.push(place, event);
                Outcome::Accepted { event_id }
            }
            Err(rejection) => {
                let record = RejectedRecord {
                    code: rejection.code.as_str().to_owned(),
                    pointer: rejection.pointer.clone(),
                    reason: rejection.reason.clone(),
                    original: Bytes::copy_from_slice(raw),
                    received_at: admission.received_at,
                    sent_at: admission.sent_at,
                    history: !admission.clamp_past,
                    source: None,
                };
                sorted.rejected.push(place, record);
                rejection.into()
            }
        };
        sorted.outcomes.push(outcome);
    }
    sorted
}
