use std::time::Duration;

use problem::{Code, Problem};

/// When to ask again while PostgreSQL is away.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// PostgreSQL's codes of a table, column or function that is not there.
const MISSING: [&str; 3] = ["42P01", "42703", "42883"];

/// The control plane could not do it.
#[derive(Debug, thiserror::Error)]
pub enum ControlPlaneError {
    /// PostgreSQL is away, or refused what we sent; worth trying again.
    #[error("the control plane's database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The tables are missing, or older than this program.
    #[error("the control plane's tables are missing or out of date: run `footfall migrate`")]
    Outdated(#[source] sqlx::Error),
    /// Another row has it already: an email, a key's name, a tenant's id.
    #[error("it exists already ({constraint})")]
    Conflict {
        /// The constraint that says so.
        constraint: String,
    },
    /// It names a row that is not there, breaks a rule of the tables, or holds a value that
    /// PostgreSQL cannot keep.
    #[error("the tables refuse it ({constraint})")]
    Refused {
        /// The constraint that says so.
        constraint: String,
    },
    /// A row holds what this version cannot read.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// What was being read.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A secret could not be sealed.
    #[error("a secret cannot be sealed")]
    Seal(#[source] auth::SealError),
    /// The tables could not be brought up to date.
    #[error("the control plane's migrations failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The setting `postgres.url` is not one of PostgreSQL. The driver's own words are left out:
    /// they may quote the password.
    #[error("postgres.url must look like postgres://user:password@host:5432/database")]
    Address,
}

impl ControlPlaneError {
    /// For the `map_err` of a parse of stored text.
    pub(crate) fn corrupt<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Corrupt { what, source: source.into() }
    }
}

/// The class of SQLSTATE codes for values that PostgreSQL cannot take, such as a text with U+0000.
const DATA_EXCEPTION: &str = "22";

impl From<sqlx::Error> for ControlPlaneError {
    fn from(error: sqlx::Error) -> Self {
        let Some(refusal) = error.as_database_error() else {
            return Self::Unavailable(error);
        };
        if refusal.code().is_some_and(|code| MISSING.contains(&code.as_ref())) {
            return Self::Outdated(error);
        }
        let constraint = refusal.constraint().unwrap_or_default().to_owned();
        if refusal.is_unique_violation() {
            Self::Conflict { constraint }
        } else if refusal.is_foreign_key_violation()
            || refusal.is_check_violation()
            || refusal.code().is_some_and(|code| code.starts_with(DATA_EXCEPTION))
        {
            Self::Refused { constraint }
        } else {
            Self::Unavailable(error)
        }
    }
}

/// For handlers: the caller learns what it can mend, and of the rest only that it was not its fault.
impl From<ControlPlaneError> for Problem {
    fn from(error: ControlPlaneError) -> Self {
        match error {
            ControlPlaneError::Unavailable(_) => Self::unavailable(RETRY_AFTER, error),
            ControlPlaneError::Conflict { .. } => Self::new(
                Code::AlreadyExists,
                "Something with this name or address exists already.",
            ),
            ControlPlaneError::Refused { .. } => {
                Self::new(Code::InvalidField, "A field names something that does not exist.")
            }
            _ => Self::internal(error),
        }
    }
}
