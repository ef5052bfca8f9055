use crate::{
    EventType, Rejection,
    RejectionCode::{DuplicateField, InvalidValue, MissingField, WrongType},
    WarningCode,
    fields::{Field, Fields, LayerKind},
    notes::Notes,
    text::{self, Kind, NAME_MAX},
};

/// The type of an event, and the sender's name for it if that differs.
pub(crate) struct Named {
    pub(crate) event_type: EventType,
    pub(crate) original: Option<String>,
}

/// Reads the type of an event, from `type`, `event` (Segment, GA4's data layer) or `name` (GA4's
/// Measurement Protocol).
///
/// If Segment's `type` names the call, `event` names what happened. If only one of the two is a
/// known name, it is used, and the other becomes a property.
pub(crate) fn read(fields: &mut Fields<'_>, notes: &mut Notes) -> Result<Named, Rejection> {
    let own = fields.find(&["type"], LayerKind::Own);
    let event = fields.find(&["event"], LayerKind::Own);
    let (field, name) = match (own, event) {
        (None, None) => match fields.find(&["name"], LayerKind::Own) {
            Some(field) => (field, name(fields, &field)?),
            None => {
                let reason = "is required: what happened, such as product_view";
                return Err(Rejection::new(MissingField, "/type", reason));
            }
        },
        (Some(field), None) | (None, Some(field)) => (field, name(fields, &field)?),
        (Some(own), Some(event)) => either(fields, own, event)?,
    };
    let event_type = match name.as_str() {
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
    let is_renamed = event_type.is_custom() && event_type.as_str() != name;
    if is_renamed {
        let reason = format!("is not a built-in type: it is counted as {event_type}");
        notes.warn(WarningCode::CustomType, fields.pointer(&field), reason);
    }
    let original = is_renamed.then_some(name);
    let original = original.and_then(|name| {
        let pointer = || fields.pointer(&field);
        text::fit(name.into(), Kind::Label(NAME_MAX), pointer, notes)
    });
    Ok(Named { event_type, original })
}

/// Chooses the name of an event that has both `type` and `event`.
fn either<'a>(
    fields: &mut Fields<'_>,
    own: Field<'a>,
    event: Field<'a>,
) -> Result<(Field<'a>, String), Rejection> {
    // `event` may be a custom field of the tenant, such as a number.
    let (own_name, Some(event_name)) = (name(fields, &own)?, event.string()) else {
        fields.put_back(&event);
        let name = name(fields, &own)?;
        return Ok((own, name));
    };
    let known = |name: &str| EventType::named(name).filter(|named| !named.is_custom());
    match (own_name.as_str(), known(&own_name), known(&event_name)) {
        ("track", ..) => Ok((event, event_name.into_owned())),
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
            Ok((event, event_name.into_owned()))
        }
        _ => {
            if own_name != event_name {
                fields.put_back(&event);
            }
            Ok((own, own_name))
        }
    }
}

fn name(fields: &Fields<'_>, field: &Field<'_>) -> Result<String, Rejection> {
    let wrong = || Rejection::new(WrongType, fields.pointer(field), "must be a string");
    field.string().map(std::borrow::Cow::into_owned).ok_or_else(wrong)
}
