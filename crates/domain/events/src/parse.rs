use std::borrow::Cow;

use chrono::{DateTime, Utc};
use money::Currency;
use serde_json::Value;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    Adjustment, Envelope, Event, EventIds, EventName, Rejection, RejectionCode::TooLarge,
    Rejections, Warning, notes::Notes, opening::open, other::replace_names, properties,
    reader::Reader, surrogates,
};

/// The longest event, in bytes: one of 200 items of GA4's size fits.
pub const EVENT_MAX: usize = 256 * 1_024;

/// The context in which an event is parsed.
#[derive(Clone, Debug)]
pub struct ParseContext<'a> {
    /// When the request arrived.
    pub received_at: DateTime<Utc>,
    /// Whether times older than 30 days are accepted: for `import` keys, which send history.
    pub history: bool,
    /// The currency of amounts sent without one.
    pub currency: Currency,
    /// Derives event ids from the sender's ids.
    pub ids: EventIds,
    /// The fields beside the events of the batch.
    pub envelope: Envelope<'a>,
}

impl ParseContext<'_> {
    /// Creates the context of an event of `tenant` without an envelope.
    pub fn new(tenant: &ClientId, currency: Currency, received_at: DateTime<Utc>) -> Self {
        let ids = EventIds::of(tenant);
        let envelope = Envelope::default();
        Self { received_at, history: false, currency, ids, envelope }
    }
}

/// An accepted event, with its warnings and adjustments.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedEvent {
    /// The event.
    pub event: Event,
    /// The fields that were normalised, cut, dropped or rounded.
    pub warnings: Vec<Warning>,
    /// The values that differ from the values sent.
    pub adjusted: Vec<Adjustment>,
}

/// An accepted event that was written as its canonical JSON, with its warnings and adjustments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenEvent {
    /// The event's id.
    pub event_id: Uuid,
    /// The fields that were normalised, cut, dropped or rounded.
    pub warnings: Vec<Warning>,
    /// The values that differ from the values sent.
    pub adjusted: Vec<Adjustment>,
}

/// Parses one event from its JSON object.
///
/// An event without `event_id` gets a generated UUIDv7; a re-send of it cannot be recognised.
///
/// # Errors
/// Every field that is wrong, and what would be correct.
pub fn parse(raw: &[u8], context: &ParseContext<'_>) -> Result<ParsedEvent, Rejections> {
    let (event, notes) = read(raw, context, |event| event.into_owned())?;
    Ok(ParsedEvent { event, warnings: notes.warnings, adjusted: notes.adjusted })
}

/// Parses one event and appends its canonical JSON to `json`: the bytes that an [`Event`] is
/// serialised to, without copying its texts first.
///
/// # Errors
/// Those of [`parse`]; nothing is appended then.
pub fn write(
    raw: &[u8],
    context: &ParseContext<'_>,
    json: &mut Vec<u8>,
) -> Result<WrittenEvent, Rejections> {
    write_named(raw, context, |_| true, json)
}

/// Writes an event as [`write()`] does. A campaign or a product that `may_name` refuses becomes
/// [`OTHER`](crate::OTHER), and is adjusted.
///
/// # Errors
/// Those of [`parse`]; nothing is appended then.
pub fn write_named(
    raw: &[u8],
    context: &ParseContext<'_>,
    may_name: impl FnMut(EventName<'_>) -> bool,
    json: &mut Vec<u8>,
) -> Result<WrittenEvent, Rejections> {
    let start = json.len();
    let written = read(raw, context, |mut event| {
        let replaced = replace_names(&mut event, may_name);
        serde_json::to_writer(&mut *json, &event).map(|()| (event.event_id, replaced))
    });
    let (written, mut notes) = written?;
    match written {
        Ok((event_id, replaced)) => {
            notes.adjusted.extend(replaced);
            Ok(WrittenEvent { event_id, warnings: notes.warnings, adjusted: notes.adjusted })
        }
        // Every event has a canonical form, and a vector takes it.
        Err(_) => {
            json.truncate(start);
            Err(Rejection::too_large_for_the_log().into())
        }
    }
}

/// Parses one event and passes it on while its texts are borrowed.
fn read<R>(
    raw: &[u8],
    context: &ParseContext<'_>,
    pass: impl FnOnce(Event<Cow<'_, str>>) -> R,
) -> Result<(R, Notes), Rejections> {
    if raw.len() > EVENT_MAX {
        let reason = format!("must be at most {EVENT_MAX} bytes long");
        return Err(Rejection::new(TooLarge, "", reason).into());
    }
    let raw = surrogates::repaired(raw);
    let mut reader = Reader::new(open(&raw, &context.envelope)?);
    reader.note_too_long(&context.envelope);
    let (mut event, original) = reader.event(context);
    let (fields, notes) = reader.into_rest();
    let mut notes = notes.into_rejections()?;
    event.properties = properties::collect(fields, &mut notes);
    if let Some(original) = original {
        let entry = event.properties.entry("event_name");
        entry.or_insert_with(|| Value::String(original.into_owned()));
    }
    Ok((pass(event), notes))
}

/// Returns the id that an event was sent with, even if the event is otherwise wrong: a corrected
/// reject keeps this id. `None` if there is no readable id.
pub fn sent_id(raw: &[u8], ids: EventIds) -> Option<Uuid> {
    let raw = surrogates::repaired(raw);
    Reader::new(open(&raw, &Envelope::default()).ok()?).event_id(ids)
}
