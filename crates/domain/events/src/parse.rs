use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use money::Currency;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{
    Event, EventType, Rejection,
    RejectionCode::{DuplicateField, InvalidValue, MissingField, TooLarge},
    fields::{Fields, NAME_MAX},
    items,
};

const URL_MAX: usize = 4_096;
const USER_AGENT_MAX: usize = 1_024;
/// The longest event, in bytes (Segment has the same limit).
pub const EVENT_MAX: usize = 32 * 1_024;
const PROPERTIES_MAX_DEPTH: usize = 8;
/// How far the past of an event may reach, unless history is imported.
const PAST: TimeDelta = TimeDelta::days(30);
/// How far a sender's clock may be ahead.
const FUTURE: TimeDelta = TimeDelta::minutes(5);

/// What the collector knows about an event besides its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Admission {
    /// When the request arrived.
    pub received_at: DateTime<Utc>,
    /// When the sender says it sent the request; its clock's error is taken out of event times.
    pub sent_at: Option<DateTime<Utc>>,
    /// Whether times older than 30 days are clamped; not for `import` keys, which bring history.
    pub clamp_past: bool,
    /// The currency of amounts sent without one.
    pub currency: Currency,
}

/// Reads one event from its JSON object.
///
/// An event sent without `event_id` gets a UUIDv7 of ours; a re-send of it cannot be told.
///
/// # Errors
/// The first field that is wrong, and what would be right.
pub fn parse(raw: &[u8], admission: &Admission) -> Result<Event, Rejection> {
    if raw.len() > EVENT_MAX {
        let reason = format!("must be at most {EVENT_MAX} bytes long");
        return Err(Rejection::new(TooLarge, "", reason));
    }
    let mut fields = Fields::read(raw, String::new())?;

    let event_type = event_type(&mut fields)?;
    let event_id = event_id(&mut fields)?.unwrap_or_else(Uuid::now_v7);
    let received_at = admission.received_at.trunc_subsecs(3);
    let sent = time(&mut fields, &["event_time", "timestamp"])?;
    let event_time = sent.map_or(received_at, |sent| believable(sent, admission));

    let items = items::read(&mut fields)?;
    let cost = fields.amount(&["cost"])?;
    let revenue = fields.amount(&["revenue", "value"])?;
    let named_currency = fields
        .take(&["currency"])?
        .map(|field| field.str()?.parse().map_err(|error| field.invalid(error)))
        .transpose()?;
    let has_amount =
        cost.is_some() || revenue.is_some() || items.iter().any(|item| item.price.is_some());

    let campaign_id = fields
        .take(&["campaign_id", "promotion_id"])?
        .map(|field| field.str()?.parse().map_err(|error| field.invalid(error)))
        .transpose()?;
    if campaign_id.is_none() && event_type.is_ad() {
        let reason = format!("is needed by {event_type}: the campaign the ad belongs to");
        return Err(Rejection::new(MissingField, "/campaign_id", reason));
    }

    Ok(Event {
        event_id,
        event_type,
        event_time,
        event_time_sent: sent.filter(|sent| *sent != event_time),
        received_at,
        visitor_id: fields.text(&["visitor_id", "anonymous_id", "anonymousId"], NAME_MAX)?,
        session_id: fields.text(&["session_id"], NAME_MAX)?,
        customer_id: fields.text(&["customer_id", "user_id", "userId"], NAME_MAX)?,
        campaign_id,
        ad_id: fields.text(&["ad_id"], NAME_MAX)?,
        creative_id: fields.text(&["creative_id"], NAME_MAX)?,
        placement: fields.text(&["placement", "creative_slot"], NAME_MAX)?,
        page_type: fields.text(&["page_type"], NAME_MAX)?,
        keyword: fields.text(&["keyword", "search_term"], NAME_MAX)?,
        cost,
        items,
        order_id: fields.text(&["order_id", "transaction_id"], NAME_MAX)?,
        revenue,
        currency: named_currency.or(has_amount.then_some(admission.currency)),
        url: fields.text(&["url", "page_location"], URL_MAX)?,
        referrer: fields.text(&["referrer", "page_referrer"], URL_MAX)?,
        user_agent: fields.text(&["user_agent"], USER_AGENT_MAX)?,
        device: fields.text(&["device"], NAME_MAX)?,
        country: country(&mut fields)?,
        properties: properties(fields)?,
    })
}

fn event_type(fields: &mut Fields<'_>) -> Result<EventType, Rejection> {
    let Some(field) = fields.take(&["type", "event"])? else {
        let reason = "is needed: what happened, such as product_view";
        return Err(Rejection::new(MissingField, "/type", reason));
    };
    field.str()?.parse().map_err(|error| field.invalid(error))
}

/// The id that the sender gave an event, whatever else may be wrong with it: what was refused goes
/// by the same id once it is mended. `None` when there is none that can be read.
pub fn sent_id(raw: &[u8]) -> Option<Uuid> {
    let mut fields = Fields::read(raw, String::new()).ok()?;
    event_id(&mut fields).ok()?
}

fn event_id(fields: &mut Fields<'_>) -> Result<Option<Uuid>, Rejection> {
    let Some(field) = fields.take(&["event_id", "message_id", "messageId"])? else {
        return Ok(None);
    };
    let id = Uuid::parse_str(&field.str()?).ok().filter(|id| !id.is_nil());
    id.map(Some).ok_or_else(|| field.invalid("must be a UUID, best a UUIDv7"))
}

fn time(fields: &mut Fields<'_>, names: &[&str]) -> Result<Option<DateTime<Utc>>, Rejection> {
    let Some(field) = fields.take(names)? else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(&field.str()?)
        .ok()
        .map(|time| time.to_utc().trunc_subsecs(3))
        .filter(|time| *time >= DateTime::UNIX_EPOCH);
    let reason = "must be an RFC 3339 time after 1970, such as 2026-03-01T12:30:00Z";
    time.map(Some).ok_or_else(|| field.invalid(reason))
}

/// `sent`, with the error of the sender's clock taken out, and within the believable range.
fn believable(sent: DateTime<Utc>, admission: &Admission) -> DateTime<Utc> {
    let received = admission.received_at.trunc_subsecs(3);
    let skew = admission.sent_at.map_or(TimeDelta::zero(), |at| received - at.trunc_subsecs(3));
    let time = sent.checked_add_signed(skew).unwrap_or(sent).min(received + FUTURE);
    if admission.clamp_past { time.max(received - PAST) } else { time.max(DateTime::UNIX_EPOCH) }
}

fn country(fields: &mut Fields<'_>) -> Result<Option<String>, Rejection> {
    let Some(field) = fields.take(&["country"])? else {
        return Ok(None);
    };
    let code = field.str()?.into_owned();
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        Ok(Some(code))
    } else {
        Err(field.invalid("must be an ISO 3166-1 code of two upper-case letters, such as DE"))
    }
}

/// `properties` as sent, joined by the fields nobody asked for.
fn properties(mut fields: Fields<'_>) -> Result<Map<String, Value>, Rejection> {
    let mut properties = match fields.take(&["properties"])? {
        Some(field) => field.object()?,
        None => Map::new(),
    };
    for (name, field) in fields.rest() {
        if properties.contains_key(&name) {
            let reason = "is given here and under properties";
            return Err(Rejection::new(DuplicateField, field.pointer, reason));
        }
        properties.insert(name, field.value()?);
    }
    if properties.values().any(|value| deeper_than(value, PROPERTIES_MAX_DEPTH)) {
        let reason = format!("must be nested at most {PROPERTIES_MAX_DEPTH} deep");
        return Err(Rejection::new(InvalidValue, "/properties", reason));
    }
    Ok(properties)
}

fn deeper_than(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return true;
    };
    match value {
        Value::Array(values) => values.iter().any(|value| deeper_than(value, below)),
        Value::Object(values) => values.values().any(|value| deeper_than(value, below)),
        _ => false,
    }
}
