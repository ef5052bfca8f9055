use crate::Neighbour;

/// PostgreSQL's codes for a missing table, column, function or right of the login.
const MISSING: [&str; 4] = ["42P01", "42703", "42883", "42501"];

/// The control plane could not complete an operation.
#[derive(Debug, thiserror::Error)]
pub enum ControlPlaneError {
    /// PostgreSQL is unavailable or refused the statement; a retry may succeed.
    #[error("the control plane's database is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The tables are missing, or older than this program, or the login's rights are.
    #[error("the control plane's tables are missing or out of date: run `footfall migrate`")]
    Outdated(#[source] sqlx::Error),
    /// Another row has the same email, key name or tenant id.
    #[error("a row with this value exists already ({constraint})")]
    Conflict {
        /// The violated constraint.
        constraint: String,
    },
    /// A value refers to a row that does not exist.
    #[error("a value refers to a missing row ({constraint})")]
    MissingReference {
        /// The violated constraint.
        constraint: String,
    },
    /// A value violates a check of the table, or cannot be stored by PostgreSQL.
    #[error("PostgreSQL refuses a value ({constraint})")]
    Refused {
        /// The violated constraint.
        constraint: String,
    },
    /// The change would leave a tenant without an owner who can log in.
    #[error("a tenant keeps at least one owner")]
    LastOwner,
    /// The tenant is being moved, and has to stay until that has ended.
    #[error("the tenant is being moved")]
    Moving,
    /// The cluster takes no new tenants.
    #[error("the cluster is drained: it takes no new tenants")]
    Drained,
    /// Another tenant keeps the tenant from the cluster.
    #[error("another tenant keeps the tenant from the cluster: {0}")]
    Taken(Neighbour),
    /// A row contains a value that this version cannot read.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// The kind of value.
        what: &'static str,
        /// The reason.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A secret could not be sealed.
    #[error("a secret cannot be sealed")]
    Seal(#[source] auth::SealError),
    /// The tables could not be migrated.
    #[error("the control plane's migrations failed")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A copy can be restored into an empty database only.
    #[error("the database is not empty: a copy is restored into an empty one")]
    NotEmpty,
    /// The setting `postgres.url`, or that of another login, is not a URL of PostgreSQL. The driver's message is omitted: it
    /// may quote the password.
    #[error("each URL of postgres must look like postgres://user:password@host:5432/database")]
    Address,
}

impl ControlPlaneError {
    /// Returns the error of a question that the caller does not wait for any longer.
    pub fn unanswered() -> Self {
        Self::Unavailable(sqlx::Error::PoolTimedOut)
    }

    /// Returns a function for `map_err` when a stored value is parsed.
    pub(crate) fn corrupt<E>(what: &'static str) -> impl FnOnce(E) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        move |source| Self::Corrupt { what, source: source.into() }
    }
}

/// The class of SQLSTATE codes for values that PostgreSQL cannot store, such as a text with U+0000.
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
        } else if refusal.is_foreign_key_violation() {
            Self::MissingReference { constraint }
        } else if refusal.is_check_violation()
            || refusal.code().is_some_and(|code| code.starts_with(DATA_EXCEPTION))
        {
            Self::Refused { constraint }
        } else {
            Self::Unavailable(error)
        }
    }
}
