use serde::Serialize;

use crate::{Rejection, Rejections};

/// The maximum number of errors, and of warnings, per event: it limits the size of the answer.
const NOTES_MAX: usize = 20;

/// What was changed in an accepted event: a stable name for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// A value was brought into its usual form: `usd` became `USD`, a tab a space.
    Normalised,
    /// A text was cut at its limit.
    Cut,
    /// A detail could not be read, and was dropped or stored as a property.
    Dropped,
    /// A number was rounded to the decimal places that are stored.
    Rounded,
    /// An item without an id is counted under its name, or as unnamed.
    Unnamed,
    /// The event's name is not a built-in type: it counts as a custom type.
    CustomType,
    /// A purchase has no sales: neither revenue nor priced items.
    NoRevenue,
}

impl WarningCode {
    /// Returns the stable name.
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

/// A warning about an accepted event: the place, and what was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The kind of change.
    pub code: WarningCode,
    /// A JSON pointer (RFC 6901) into the event; empty for the event itself.
    pub pointer: String,
    /// What was done, and what would be correct.
    pub reason: String,
}

/// A value that differs from the value sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adjustment {
    /// The canonical name of the field.
    pub field: &'static str,
    /// The value sent.
    pub from: String,
    /// The value stored.
    pub to: String,
}

/// The errors, warnings and adjustments of an event, collected while it is read.
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

    /// Returns the errors, if there are any; otherwise the notes.
    pub(crate) fn into_rejections(mut self) -> Result<Self, Rejections> {
        match Rejections::of(std::mem::take(&mut self.errors)) {
            Some(rejections) => Err(rejections),
            None => Ok(self),
        }
    }
}
