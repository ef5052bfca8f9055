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
    /// The same field is given twice, with two values.
    DuplicateField,
    /// It happened longer ago than a key of this kind may bring.
    TooOld,
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
            Self::TooOld => "too_old",
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
    /// Of an event that is right, and larger as it is kept than one record of the log may be.
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

/// Everything that is wrong with one event: at least one thing.
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

    /// The first thing that is wrong.
    pub const fn first(&self) -> &Rejection {
        &self.first
    }

    /// Each of them, in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &Rejection> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<Rejection> for Rejections {
    fn from(first: Rejection) -> Self {
        Self { first, others: Vec::new() }
    }
}
