use std::borrow::Cow;

use crate::{
    WarningCode,
    fields::{Field, Fields, LayerKind, Textual, textual},
    name::Names,
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
pub(crate) fn take<'a>(
    fields: &mut Fields<'a>,
    names: Names,
    kind: Kind,
    farthest: LayerKind,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    let field = fields.find(names, farthest)?;
    read(fields, &field, kind, notes)
}

/// Reads the text of a field that was found.
pub(crate) fn read<'a>(
    fields: &mut Fields<'a>,
    field: &Field<'a>,
    kind: Kind,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    let Textual::Text(text) = field.textual() else {
        fields.put_back(field);
        let reason = format!("is neither a string nor a number: {}", fields.consequence(field));
        notes.warn(WarningCode::Dropped, fields.pointer(field), reason);
        return None;
    };
    fit(text, kind, || fields.pointer(field), notes)
}

/// Reads the text at a path within `context`.
pub(crate) fn in_context<'a>(
    fields: &Fields<'a>,
    path: &[&str],
    kind: Kind,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    let Textual::Text(text) = textual(fields.in_context(path)?) else { return None };
    fit(text, kind, || format!("/context/{}", path.join("/")), notes)
}

/// Returns a text that can be stored: without control characters, which some stores cannot keep,
/// and within its limit.
pub(crate) fn fit<'a>(
    text: Cow<'a, str>,
    kind: Kind,
    pointer: impl Fn() -> String,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    let text = if has_controls(&text) {
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
        return Some(text);
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
            Some(Cow::Owned(beginning.trim_end().to_owned()))
        }
    }
}

fn has_controls(text: &str) -> bool {
    // Most texts are plain ASCII, which is quickly seen.
    let is_plain = text.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'));
    !is_plain && text.contains(char::is_control)
}
