use std::borrow::Cow;

use crate::{
    Envelope, Rejection,
    RejectionCode::MalformedJson,
    envelope,
    fields::{Fields, LayerKind},
};

/// The objects of an event that may contain more of its fields.
const NESTED: [&str; 2] = ["params", "ecommerce"];

/// Collects the fields of an event from every object that may contain them: `properties` (Segment),
/// `params` (GA4), `ecommerce` (GA4's data layer), `context` (Segment), and the envelope.
///
/// # Errors
/// The event is not an object, or an object repeats a field with another value.
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
        let is_object = fields.peek(name).is_some_and(|raw| raw.starts_with('{'));
        if is_object && let Some(field) = fields.take_nested(name) {
            fields.add(field.raw(), Cow::Owned(format!("/{name}")), LayerKind::Nested)?;
        }
    }
    if let Some(raw) = fields.peek("context").filter(|raw| raw.starts_with('{')) {
        fields.add(raw, Cow::Borrowed("/context"), LayerKind::Context)?;
    }
    let has_envelope = fields.peek(envelope::NAME).is_some_and(|raw| raw.starts_with('{'));
    if has_envelope && let Some(field) = fields.take_nested(envelope::NAME) {
        fields.add(field.raw(), Cow::Borrowed(envelope::POINTER), LayerKind::Envelope)?;
    }
    fields.add_envelope(&envelope.fields);
    Ok(fields)
}
