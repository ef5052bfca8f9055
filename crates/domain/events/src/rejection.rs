use serde::Serialize;

/// Why one event was not taken: a stable name for clients, metrics and the reject topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not a JSON object.
    MalformedJson,
    /// A field that this type of event needs is absent.
    MissingField,
    /// A field is of another JSON type.
    WrongType,
    /// A field's value is out of its range or form.
    InvalidValue,
    /// A field, or the event, is over its limit.
    TooLarge,
    /// The same field is given twice, under one name or two.
    DuplicateField,
}

impl RejectionCode {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::TooLarge => "too_large",
            Self::DuplicateField => "duplicate_field",
        }
    }
}

/// One event was not taken: where it is wrong, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct Rejection {
    /// What sort of fault.
    pub code: RejectionCode,
    /// A JSON pointer (RFC 6901) into the event; empty for the event itself.
    pub pointer: String,
    /// What would be right.
    pub reason: String,
}

impl Rejection {
    pub(crate) fn new(
        code: RejectionCode,
        pointer: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { code, pointer: pointer.into(), reason: reason.into() }
    }
}
