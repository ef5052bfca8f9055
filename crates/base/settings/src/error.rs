use std::{io, path::PathBuf};

use crate::Source;

/// Why the configuration cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
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
        /// The most similar path that exists.
        nearest: Option<String>,
    },
    /// A variable that sets nothing, but resembles a setting.
    #[error("environment variable {variable} sets nothing: did you mean {right}?")]
    Misnamed {
        /// Its name.
        variable: String,
        /// The name of the variable that sets that setting.
        right: String,
    },
    /// A value of another type or form.
    #[error("{origin}: `{key}`: {reason}")]
    Wrong {
        /// Where it was set.
        origin: Source,
        /// Its path.
        key: String,
        /// What is wrong and what would be correct.
        reason: String,
    },
    /// A setting without a default was not set.
    #[error("`{key}` is not set: set it in the file, or as {variable}")]
    Missing {
        /// Its path.
        key: String,
        /// The environment variable that sets it.
        variable: String,
    },
    /// A value that is not valid.
    #[error(transparent)]
    Invalid(#[from] InvalidSetting),
}

/// A setting has the right type but is not valid, alone or together with others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} {reason}")]
pub struct InvalidSetting {
    /// Its path, such as `kafka.brokers`.
    pub key: String,
    /// What would be correct, beginning with `must`.
    pub reason: String,
}

impl InvalidSetting {
    /// Creates the error for `key`; `reason` states what the setting must be.
    pub fn new(key: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into() }
    }
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|nearest| format!(", did you mean `{nearest}`?")).unwrap_or_default()
}
