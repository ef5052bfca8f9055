use chrono::{DateTime, Utc};
use money::Currency;
use serde_json::Value;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    Adjustment, Envelope, Event, EventIds, Rejection, RejectionCode::TooLarge, Rejections, Warning,
    opening::open, properties, reader::Reader, surrogates,
};

/// The longest event, in bytes: one of 200 items of GA4's size fits.
pub const EVENT_MAX: usize = 256 * 1_024;

/// What the collector knows about an event besides its bytes.
#[derive(Clone, Debug)]
pub struct Admission<'a> {
    /// When the request arrived.
    pub received_at: DateTime<Utc>,
    /// Whether times older than 30 days are taken: for `import` keys, which bring history.
    pub history: bool,
    /// The currency of amounts sent without one.
    pub currency: Currency,
    /// Makes ids of what the sender calls its events.
    pub ids: EventIds,
    /// What stood beside the events in their batch.
    pub envelope: Envelope<'a>,
}

impl Admission<'_> {
    /// For events of a tenant that arrive one by one, at this time.
    pub fn new(tenant: &ClientId, currency: Currency, received_at: DateTime<Utc>) -> Self {
        let (ids, envelope) = (EventIds::of(tenant), Envelope::default());
        Self { received_at, history: false, currency, ids, envelope }
    }
}

/// An event that was taken, with its warnings and adjustments.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The event.
    pub event: Event,
    /// What was normalised, cut, dropped or rounded.
    pub warnings: Vec<Warning>,
    /// What is another value than the one sent.
    pub adjusted: Vec<Adjustment>,
}

/// Reads one event from its JSON object.
///
/// An event sent without `event_id` gets a UUIDv7 of ours; a re-send of it cannot be recognised.
///
/// # Errors
/// Every field that is wrong, and what would be right.
pub fn parse(raw: &[u8], admission: &Admission<'_>) -> Result<Taken, Rejections> {
    if raw.len() > EVENT_MAX {
        let reason = format!("must be at most {EVENT_MAX} bytes long");
        return Err(Rejection::new(TooLarge, "", reason).into());
    }
    let raw = surrogates::mended(raw);
    let mut reader = Reader::new(open(&raw, &admission.envelope)?);
    reader.note_too_long(&admission.envelope);
    let (mut event, original) = reader.event(admission);
    let (fields, notes) = reader.into_rest();
    let mut notes = notes.into_rejections()?;
    event.properties = properties::collect(fields, &mut notes);
    if let Some(original) = original {
        event.properties.entry("event_name").or_insert(Value::String(original));
    }
    Ok(Taken { event, warnings: notes.warnings, adjusted: notes.adjusted })
}

/// The id that an event was sent with, whatever else may be wrong with it: what was refused goes
/// by the same id once it is mended. `None` when there is none that can be read.
pub fn sent_id(raw: &[u8], ids: EventIds) -> Option<Uuid> {
    let raw = surrogates::mended(raw);
    Reader::new(open(&raw, &Envelope::default()).ok()?).event_id(ids)
}
