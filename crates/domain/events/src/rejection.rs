use serde::Serialize;

/// Why one event was refused: a stable name for clients, metrics and the reject topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectionCode {
    /// Not a JSON object.
    MalformedJson,
    /// A field that this type of event requires is missing.
    MissingField,
    /// A field has another JSON type.
    WrongType,
    /// A field's value is out of its range or form.
    InvalidValue,
    /// A field, or the event, is over its limit.
    TooLarge,
    /// The same field is given twice, with different values.
    DuplicateField,
    /// It is older than a key of this kind may send.
    TooOld,
}

impl RejectionCode {
    /// Returns the stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedJson => "malformed_json",
            Self::MissingField => "missing_field",
            Self::WrongType => "wrong_type",
            Self::InvalidValue => "invalid_value",
            Self::TooLarge => "too_large",
            Self::DuplicateField => "duplicate_field",
            Self::TooOld => "too_old",
        }
    }
}

/// An error in one event: its place, and what would be correct.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct Rejection {
    /// The kind of error.
    pub code: RejectionCode,
    /// A JSON pointer (RFC 6901) into the event; empty for the event itself.
    pub pointer: String,
    /// What would be correct.
    pub reason: String,
}

impl Rejection {
    /// Creates the rejection of a valid event whose canonical form is too large for one record.
    pub fn too_large_for_the_log() -> Self {
        let reason = "must be small enough for one record of the log";
        Self::new(RejectionCode::TooLarge, "", reason)
    }

    pub(crate) fn new(
        code: RejectionCode,
        pointer: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { code, pointer: pointer.into(), reason: reason.into() }
    }
}

/// All errors of one event: at least one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{first}")]
pub struct Rejections {
    first: Rejection,
    others: Vec<Rejection>,
}

impl Rejections {
    pub(crate) fn of(rejections: Vec<Rejection>) -> Option<Self> {
        let mut rejections = rejections.into_iter();
        let first = rejections.next()?;
        Some(Self { first, others: rejections.collect() })
    }

    /// Returns the first error.
    pub const fn first(&self) -> &Rejection {
        &self.first
    }

    /// Returns all errors, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Rejection> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Rejection> for Rejections {
    fn from(first: Rejection) -> Self {
        Self { first, others: Vec::new() }
    }
}
