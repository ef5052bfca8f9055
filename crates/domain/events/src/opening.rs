use std::borrow::Cow;

use crate::{
    Envelope, Rejection,
    RejectionCode::MalformedJson,
    envelope,
    fields::{Fields, LayerKind},
    name::{Names, names},
};

/// The objects of an event that may contain more of its fields.
const PROPERTIES: Names = names!["properties"];
const PARAMS: Names = names!["params"];
const ECOMMERCE: Names = names!["ecommerce"];
const CONTEXT: Names = names!["context"];

/// Collects the fields of an event from every object that may contain them: `properties` (Segment),
/// `params` (GA4), `ecommerce` (GA4's data layer), `context` (Segment), and the envelope.
///
/// # Errors
/// The event is not an object, or an object repeats a field with another value.
pub(crate) fn open<'a>(raw: &'a [u8], envelope: &'a Envelope<'_>) -> Result<Fields<'a>, Rejection> {
    let text = str::from_utf8(raw)
        .map_err(|error| Rejection::new(MalformedJson, "", format!("must be UTF-8: {error}")))?;
    let mut fields = Fields::read(text, Cow::Borrowed(""))?;
    if let Some(field) = fields.take_nested(PROPERTIES) {
        if !field.raw().starts_with('{') {
            return Err(fields.wrong_type(&field, "must be an object"));
        }
        fields.add(field.raw(), Cow::Borrowed("/properties"), LayerKind::Nested)?;
    }
    for (names, base) in [(PARAMS, "/params"), (ECOMMERCE, "/ecommerce")] {
        let is_object = fields.peek(names).is_some_and(|raw| raw.starts_with('{'));
        if is_object && let Some(field) = fields.take_nested(names) {
            fields.add(field.raw(), Cow::Borrowed(base), LayerKind::Nested)?;
        }
    }
    if let Some(raw) = fields.peek(CONTEXT).filter(|raw| raw.starts_with('{')) {
        fields.add(raw, Cow::Borrowed("/context"), LayerKind::Context)?;
    }
    let has_envelope = fields.peek(envelope::NAMES).is_some_and(|raw| raw.starts_with('{'));
    if has_envelope && let Some(field) = fields.take_nested(envelope::NAMES) {
        fields.add(field.raw(), Cow::Borrowed(envelope::POINTER), LayerKind::Envelope)?;
    }
    fields.add_envelope(&envelope.fields);
    Ok(fields)
}
