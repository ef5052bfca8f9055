use std::borrow::Cow;

use crate::{
    WarningCode,
    fields::{Field, Fields, LayerKind, Textual, textual},
    notes::Notes,
};

/// The longest id, name or label, in bytes.
pub(crate) const NAME_MAX: usize = 200;

/// What happens to a text that is too long.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// It is dropped: a part of an id may be another id.
    Id,
    /// It is cut to this many bytes.
    Label(usize),
}

/// Takes out a text: a string, or the digits of a number; an empty text counts as absent. Any other
/// value is dropped with a warning.
pub(crate) fn take(
    fields: &mut Fields<'_>,
    names: &[&str],
    kind: Kind,
    farthest: LayerKind,
    notes: &mut Notes,
) -> Option<String> {
    let field = fields.find(names, farthest)?;
    read(fields, &field, kind, notes)
}

/// Reads the text of a field that was found.
pub(crate) fn read(
    fields: &mut Fields<'_>,
    field: &Field<'_>,
    kind: Kind,
    notes: &mut Notes,
) -> Option<String> {
    let Textual::Text(text) = field.textual() else {
        fields.put_back(field);
        let reason = format!("is neither a string nor a number: {}", fields.consequence(field));
        notes.warn(WarningCode::Dropped, fields.pointer(field), reason);
        return None;
    };
    fit(text, kind, || fields.pointer(field), notes)
}

/// Reads the text at a path within `context`.
pub(crate) fn in_context(
    fields: &Fields<'_>,
    path: &[&str],
    kind: Kind,
    notes: &mut Notes,
) -> Option<String> {
    let Textual::Text(text) = textual(fields.in_context(path)?) else { return None };
    fit(text, kind, || format!("/context/{}", path.join("/")), notes)
}

/// Returns a text that can be stored: without control characters, which some stores cannot keep,
/// and within its limit.
pub(crate) fn fit(
    text: Cow<'_, str>,
    kind: Kind,
    pointer: impl Fn() -> String,
    notes: &mut Notes,
) -> Option<String> {
    let text = if text.contains(char::is_control) {
        let reason = "contains control characters: each is replaced by a space";
        notes.warn(WarningCode::Normalised, pointer(), reason);
        let spaced = text.replace(char::is_control, " ");
        Cow::Owned(spaced.trim().to_owned())
    } else {
        text
    };
    let max = match kind {
        Kind::Id => NAME_MAX,
        Kind::Label(max) => max,
    };
    if text.is_empty() {
        return None;
    }
    if text.len() <= max {
        return Some(text.into_owned());
    }
    match kind {
        Kind::Id => {
            let reason = format!("is longer than {max} bytes: the event is stored without it");
            notes.warn(WarningCode::Dropped, pointer(), reason);
            None
        }
        Kind::Label(max) => {
            notes.warn(WarningCode::Cut, pointer(), format!("is cut after {max} bytes at most"));
            let beginning = text.get(..text.floor_char_boundary(max))?;
            Some(beginning.trim_end().to_owned())
        }
    }
}
