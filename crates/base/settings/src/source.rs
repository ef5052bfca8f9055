use std::{fmt, path::PathBuf};

/// Where a value was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Compiled in.
    Defaults,
    /// A line of the file, counted from 1.
    File(PathBuf, usize),
    /// An environment variable.
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Defaults => out.write_str("defaults"),
            Self::File(path, line) => write!(out, "{}:{line}", path.display()),
            Self::Environment(name) => write!(out, "environment variable {name}"),
        }
    }
}

/// One effective setting, with its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Its path, such as `kafka.brokers`.
    pub key: String,
    /// Its value as TOML; `***` for a secret.
    pub value: String,
    /// Where it was set.
    pub source: Source,
}
