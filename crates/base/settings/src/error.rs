use std::{io, path::PathBuf};

use crate::Source;

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The text is not TOML.
    #[error("{origin} is not valid TOML: {reason}")]
    Syntax {
        /// `defaults`, or the file.
        origin: String,
        /// Line, column and what is wrong.
        reason: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no setting `{key}`{}", suggestion(.nearest))]
    Unknown {
        /// Where it was set.
        origin: Source,
        /// Its path.
        key: String,
        /// The path it was probably meant to be.
        nearest: Option<String>,
    },
    /// A variable that sets nothing, and was probably meant to.
    #[error("environment variable {variable} sets nothing: did you mean {right}?")]
    Misnamed {
        /// Its name.
        variable: String,
        /// The name that would set what it names.
        right: String,
    },
    /// A value of another type or form.
    #[error("{origin}: `{key}`: {reason}")]
    Wrong {
        /// Where it was set.
        origin: Source,
        /// Its path.
        key: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A setting without a default was not set.
    #[error("`{key}` is not set: set it in the file, or as {variable}")]
    Missing {
        /// Its path.
        key: String,
        /// The environment variable that would set it.
        variable: String,
    },
    /// A value that makes no sense.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

/// A setting has the right type but makes no sense, alone or beside others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct InvalidSetting {
    /// Its path, such as `kafka.brokers`.
    pub key: String,
    /// What would be right, beginning with `must`.
    pub reason: String,
}

impl InvalidSetting {
    /// The setting at `key` is not valid: `reason` says what it must be.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!(", did you mean `{nearest}`?")).unwrap_or_default()
}
