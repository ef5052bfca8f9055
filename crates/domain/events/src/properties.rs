use serde_json::{Map, Value};

use crate::{
    WarningCode,
    fields::{Fields, value},
    notes::Notes,
};

const MAX_DEPTH: usize = 8;

/// Collects the unknown fields as properties: those of nested objects first, then the event's own.
pub(crate) fn collect(fields: Fields<'_>, notes: &mut Notes) -> Map<String, Value> {
    let mut properties = Map::new();
    for (name, pointer, raw) in fields.rest() {
        if let Some(known) = properties.get(&name) {
            if value(raw).ok().as_ref() != Some(known) {
                let reason =
                    "is also given in another place, with another value: that one is stored";
                notes.warn(WarningCode::Dropped, pointer, reason);
            }
            continue;
        }
        match value(raw) {
            Ok(value) if !is_deeper(&value, MAX_DEPTH) => {
                properties.insert(name, value);
            }
            Ok(_) => {
                let reason = format!("is nested more than {MAX_DEPTH} deep: it is dropped");
                notes.warn(WarningCode::Dropped, pointer, reason);
            }
            // It is valid JSON, but nested too deep for the parser, or a number too large for a
            // double.
            Err(error) => {
                let error = error.to_string();
                let error = error.split(" at line ").next().unwrap_or_default();
                let reason = format!("cannot be stored ({error}): it is dropped");
                notes.warn(WarningCode::Dropped, pointer, reason);
            }
        }
    }
    properties
}

fn is_deeper(value: &Value, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else {
        return true;
    };
    match value {
        Value::Array(values) => values.iter().any(|value| is_deeper(value, below)),
        Value::Object(values) => values.values().any(|value| is_deeper(value, below)),
        _ => false,
    }
}
