use std::{collections::HashSet, ops::Range};

use bytes::Bytes;
use chrono::SubsecRound;
use events::{EventName, ParseContext, Rejection, WrittenEvent, write_named};
use stream::{EventRecord, RejectedRecord};
use uuid::Uuid;

use super::receipt::Outcome;

/// About how much longer an event is in canonical form: it has the time of receipt.
const ADDED: usize = 64;

/// A batch, sorted into accepted and rejected events. The outcomes are those if all can be stored.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) outcomes: Vec<Outcome>,
    pub(super) accepted: Places<EventRecord>,
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

/// Parses all events of a batch, and writes the accepted ones into one buffer.
///
/// A name that `may_name` refuses becomes `other`.
pub(super) fn sort(
    events: &[&[u8]],
    context: &ParseContext<'_>,
    mut may_name: impl FnMut(EventName<'_>) -> bool,
) -> Sorted {
    let mut sorted = Sorted { outcomes: Vec::with_capacity(events.len()), ..Sorted::default() };
    let mut accepted = Places::default();
    let mut json = Vec::with_capacity(events.iter().map(|raw| raw.len() + ADDED).sum());
    let mut seen = HashSet::with_capacity(events.len());
    for (place, raw) in events.iter().enumerate() {
        let start = json.len();
        let outcome = match write_named(raw, context, &mut may_name, &mut json) {
            Ok(WrittenEvent { event_id, .. }) if !seen.insert(event_id) => {
                json.truncate(start);
                Outcome::DuplicateInBatch { event_id }
            }
            Ok(WrittenEvent { event_id, warnings, adjusted }) => {
                accepted.push(place, (event_id, start..json.len()));
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
    sorted.accepted = canonical(accepted, json.into(), context);
    sorted
}

/// Returns the accepted events, each with its part of the buffer.
fn canonical(
    accepted: Places<(Uuid, Range<usize>)>,
    json: Bytes,
    context: &ParseContext<'_>,
) -> Places<EventRecord> {
    let received_at = context.received_at.trunc_subsecs(3);
    let event = |(event_id, range)| {
        let json = json.slice(range);
        EventRecord { event_id, received_at, json }
    };
    Places { at: accepted.at, values: accepted.values.into_iter().map(event).collect() }
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
