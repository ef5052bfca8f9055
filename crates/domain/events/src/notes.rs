use serde::Serialize;

use crate::{Rejection, Rejections};

/// The most that is said of one event: one that is wrong in every item needs no longer answer.
const NOTES_MAX: usize = 20;

/// What was done to an event that was taken all the same: a stable name for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// A value was written in its usual form: `usd` as `USD`, a tab as a space.
    Normalised,
    /// A text was cut at its limit.
    Cut,
    /// A detail could not be taken, and was left out or kept as a property.
    Dropped,
    /// A number was rounded to the places that are kept.
    Rounded,
    /// An item without an id goes by its name, or by none.
    Unnamed,
    /// The event's name is not one of ours: it counts as a type of the tenant's own.
    CustomType,
    /// A purchase brought in nothing: it has neither revenue nor priced items.
    NoRevenue,
}

impl WarningCode {
    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normalised => "normalised",
            Self::Cut => "cut",
            Self::Dropped => "dropped",
            Self::Rounded => "rounded",
            Self::Unnamed => "unnamed",
            Self::CustomType => "custom_type",
            Self::NoRevenue => "no_revenue",
        }
    }
}

/// Something about an event that was taken: where, and what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What sort of thing.
    pub code: WarningCode,
    /// A JSON pointer (RFC 6901) into the event; empty for the event itself.
    pub pointer: String,
    /// What was done, and what would be right.
    pub reason: String,
}

/// A value that is another than the one sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    /// Our name of the field.
    pub field: &'static str,
    /// As it was sent.
    pub from: String,
    /// As it is kept.
    pub to: String,
}

/// What there is to say of an event, gathered while it is read.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) errors: Vec<Rejection>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) adjusted: Vec<Adjustment>,
}

impl Notes {
    pub(crate) fn error(&mut self, rejection: Rejection) {
        if self.errors.len() < NOTES_MAX {
            self.errors.push(rejection);
        }
    }

    pub(crate) fn warn(&mut self, code: WarningCode, pointer: String, reason: impl Into<String>) {
        if self.warnings.len() < NOTES_MAX {
            self.warnings.push(Warning { code, pointer, reason: reason.into() });
        }
    }

    /// The errors, if there are any.
    pub(crate) fn into_rejections(mut self) -> Result<Self, Rejections> {
        match Rejections::of(std::mem::take(&mut self.errors)) {
            Some(rejections) => Err(rejections),
            None => Ok(self),
        }
    }
}
