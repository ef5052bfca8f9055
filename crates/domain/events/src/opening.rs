use std::borrow::Cow;

use crate::{
    Envelope, Rejection,
    RejectionCode::MalformedJson,
    envelope,
    fields::{Fields, LayerKind},
};

/// The objects of an event that hold more of its fields, where those of it are not enough.
const NESTED: [&str; 2] = ["params", "ecommerce"];

/// Takes an event apart, with every object that may hold fields of it: `properties` (Segment),
/// `params` (GA4), `ecommerce` (GA4's data layer), `context` (Segment), and what stood beside it.
///
/// # Errors
/// When it is no object, or one of them repeats a field with another value.
pub(crate) fn open<'a>(raw: &'a [u8], envelope: &'a Envelope<'_>) -> Result<Fields<'a>, Rejection> {
    let text = str::from_utf8(raw)
        .map_err(|error| Rejection::new(MalformedJson, "", format!("must be UTF-8: {error}")))?;
    let mut fields = Fields::read(text, Cow::Borrowed(""))?;
    if let Some(field) = fields.take_nested("properties") {
        if !field.raw().starts_with('{') {
            return Err(fields.wrong_type(&field, "must be an object"));
        }
        fields.add(field.raw(), Cow::Borrowed("/properties"), LayerKind::Nested)?;
    }
    for name in NESTED {
        let is_object = fields.look(name).is_some_and(|raw| raw.starts_with('{'));
        if is_object && let Some(field) = fields.take_nested(name) {
            fields.add(field.raw(), Cow::Owned(format!("/{name}")), LayerKind::Nested)?;
        }
    }
    if let Some(raw) = fields.look("context").filter(|raw| raw.starts_with('{')) {
        fields.add(raw, Cow::Borrowed("/context"), LayerKind::Context)?;
    }
    let kept = fields.look(envelope::NAME).is_some_and(|raw| raw.starts_with('{'));
    if kept && let Some(field) = fields.take_nested(envelope::NAME) {
        fields.add(field.raw(), Cow::Borrowed(envelope::POINTER), LayerKind::Envelope)?;
    }
    fields.add_envelope(&envelope.fields);
    Ok(fields)
}
