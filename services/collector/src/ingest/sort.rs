use std::collections::HashSet;

use events::{Event, ParseContext, ParsedEvent, Rejection, parse};
use stream::RejectedRecord;

use super::receipt::Outcome;

/// A batch, sorted into accepted and rejected events. The outcomes are those if all can be stored.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) accepted: Places<Event>,
    pub(super) rejected: Places<RejectedRecord>,
}

/// Values, each with the index of its event in the batch.
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

/// Parses all events of a batch.
pub(super) fn sort(events: &[&[u8]], context: &ParseContext<'_>) -> Sorted {
    let mut sorted = Sorted::default();
    let mut seen = HashSet::new();
    for (place, raw) in events.iter().enumerate() {
        let outcome = match parse(raw, context) {
            Ok(ParsedEvent { event, .. }) if !seen.insert(event.event_id) => {
                Outcome::DuplicateInBatch { event_id: event.event_id }
            }
            Ok(ParsedEvent { event, warnings, adjusted }) => {
                let event_id = event.event_id;
                sorted.accepted.push(place, event);
                let warnings = warnings.into_iter().map(Into::into).collect();
                let adjusted = adjusted.into_iter().map(Into::into).collect();
                Outcome::Accepted { event_id, warnings, adjusted }
            }
            Err(rejections) => {
                sorted.rejected.push(place, record(raw, rejections.first(), context));
                rejections.into()
            }
        };
        sorted.outcomes.push(outcome);
    }
    sorted
}

/// Builds the reject of a refused event: as it was sent, with the fields of the envelope.
fn record(raw: &[u8], first: &Rejection, context: &ParseContext<'_>) -> RejectedRecord {
    RejectedRecord {
        code: first.code.as_str().to_owned(),
        pointer: first.pointer.clone(),
        reason: first.reason.clone(),
        original: context.envelope.keep(raw).into_owned().into(),
        received_at: context.received_at,
        sent_at: context.envelope.sent_at,
        history: context.history,
        source: None,
    }
}
