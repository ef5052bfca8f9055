use std::borrow::Cow;

use crate::{
    EventType, Rejection,
    RejectionCode::{DuplicateField, InvalidValue, MissingField, WrongType},
    WarningCode,
    fields::{Field, Fields, LayerKind},
    name::{Names, names},
    notes::Notes,
    text::{self, Kind, NAME_MAX},
};

const TYPE: Names = names!["type"];
const EVENT: Names = names!["event"];
const NAME: Names = names!["name"];

/// The type of an event, and the sender's name for it if that differs.
pub(crate) struct Named<'a> {
    pub(crate) event_type: EventType,
    pub(crate) original: Option<Cow<'a, str>>,
}

/// Reads the type of an event, from `type`, `event` (Segment, GA4's data layer) or `name` (GA4's
/// Measurement Protocol).
///
/// If Segment's `type` names the call, `event` names what happened. If only one of the two is a
/// known name, it is used, and the other becomes a property.
pub(crate) fn read<'a>(fields: &mut Fields<'a>, notes: &mut Notes) -> Result<Named<'a>, Rejection> {
    let own = fields.find(TYPE, LayerKind::Own);
    let event = fields.find(EVENT, LayerKind::Own);
    let (field, name) = match (own, event) {
        (None, None) => match fields.find(NAME, LayerKind::Own) {
            Some(field) => (field, name(fields, &field)?),
            None => {
                let reason = "is required: what happened, such as product_view";
                return Err(Rejection::new(MissingField, "/type", reason));
            }
        },
        (Some(field), None) | (None, Some(field)) => (field, name(fields, &field)?),
        (Some(own), Some(event)) => either(fields, own, event)?,
    };
    let event_type = match name.as_ref() {
        "page" => Some(EventType::PageView),
        "track" if own.is_some() && event.is_none() => {
            let reason = "is required: what was tracked, such as Order Completed";
            return Err(Rejection::new(MissingField, "/event", reason));
        }
        name => EventType::named(name),
    };
    let Some(event_type) = event_type else {
        let reason = "must name what happened, such as product_view";
        return Err(Rejection::new(InvalidValue, fields.pointer(&field), reason));
    };
    let is_renamed = event_type.is_custom() && event_type.as_str() != name.as_ref();
    if is_renamed {
        let reason = format!("is not a built-in type: it is counted as {event_type}");
        notes.warn(WarningCode::CustomType, fields.pointer(&field), reason);
    }
    let original = is_renamed.then_some(name);
    let original = original.and_then(|name| {
        let pointer = || fields.pointer(&field);
        text::fit(name, Kind::Label(NAME_MAX), pointer, notes)
    });
    Ok(Named { event_type, original })
}

/// Chooses the name of an event that has both `type` and `event`.
fn either<'a>(
    fields: &mut Fields<'a>,
    own: Field<'a>,
    event: Field<'a>,
) -> Result<(Field<'a>, Cow<'a, str>), Rejection> {
    // `event` may be a custom field of the tenant, such as a number.
    let (own_name, Some(event_name)) = (name(fields, &own)?, event.string()) else {
        fields.put_back(&event);
        let name = name(fields, &own)?;
        return Ok((own, name));
    };
    let known = |name: &str| EventType::named(name).filter(|named| !named.is_custom());
    match (own_name.as_ref(), known(&own_name), known(&event_name)) {
        ("track", ..) => Ok((event, event_name)),
        // A custom type wins over any `event`.
        (meant, ..) if meant == "page" || meant.starts_with("custom.") => {
            fields.put_back(&event);
            Ok((own, own_name))
        }
        (_, Some(one), Some(other)) if one != other => {
            let reason = format!("is {other}, but `type` is {one}: send only one of them");
            Err(Rejection::new(DuplicateField, fields.pointer(&event), reason))
        }
        (_, None, Some(_)) => {
            fields.put_back(&own);
            Ok((event, event_name))
        }
        _ => {
            if own_name != event_name {
                fields.put_back(&event);
            }
            Ok((own, own_name))
        }
    }
}

fn name<'a>(fields: &Fields<'_>, field: &Field<'a>) -> Result<Cow<'a, str>, Rejection> {
    let wrong = || Rejection::new(WrongType, fields.pointer(field), "must be a string");
    field.string().ok_or_else(wrong)
}
