//! Answers as text for snapshots: status, important headers and body, without values that differ from
//! run to run.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::stand::Answer;

/// The headers that belong to the contract of an answer.
const HEADERS: [&str; 9] = [
    "allow",
    "cache-control",
    "content-type",
    "deprecation",
    "etag",
    "link",
    "location",
    "retry-after",
    "www-authenticate",
];

impl Answer {
    /// Renders the answer. `suffix` is what distinguishes the tenants of this run.
    pub(crate) fn shown(&self, suffix: &str) -> String {
        let mut text = format!("{}\n", self.status);
        for name in HEADERS {
            for value in self.headers.get_all(name) {
                let value = redacted_text(value.to_str().unwrap(), suffix);
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        if self.body != Value::Null {
            let body = redacted(&self.body, suffix);
            text.push_str(&format!("\n{}", serde_json::to_string_pretty(&body).unwrap()));
        }
        text
    }
}

fn redacted(value: &Value, suffix: &str) -> Value {
    match value {
        Value::String(text) => redacted_text(text, suffix).into(),
        Value::Array(items) => items.iter().map(|item| redacted(item, suffix)).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, field)| (name.clone(), redacted(field, suffix)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Replaces ids, secrets and times of this run. A time far from now is part of the test and stays.
fn redacted_text(text: &str, suffix: &str) -> String {
    let is_recent = |time: DateTime<Utc>| (time - Utc::now()).abs() < TimeDelta::days(40);
    if Uuid::try_parse(text).is_ok() {
        return "[uuid]".to_owned();
    }
    if text.parse().is_ok_and(is_recent) {
        return "[time]".to_owned();
    }
    if let Some((path, _)) = text.split_once("?ticket=") {
        return format!("{path}?ticket=[ticket]");
    }
    for (prefix, shown) in [
        ("ff_collect_", "[collect key]"),
        ("ff_read_", "[read key]"),
        ("ffi_", "[invitation]"),
        ("flt_", "[ticket]"),
        ("eyJ", "[access token]"),
    ] {
        if text.starts_with(prefix) {
            return shown.to_owned();
        }
    }
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    match text.len() {
        16 if text.bytes().all(|byte| byte.is_ascii_hexdigit()) => "[key id]".to_owned(),
        43 if text.bytes().all(is_token) => "[refresh token]".to_owned(),
        _ => text.replace(suffix, "[run]"),
    }
}
