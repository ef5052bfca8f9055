//! Which error type to use when:
//! - [`Problem`]: the caller can correct it. It is created where the decision is made.
//! - [`Failure`]: everything that calls a store. `?` converts the store's error, and only this file
//!   gives it a code and a retry hint.
//! - [`web::Error`]: a handler. `?` converts both; a store's error needs `map_err(Failure::from)`.

use std::{sync::Arc, time::Duration};

use aggregates::AggregatesError;
use archive::ReportFileError;
use auth::{CredentialStoreError, PasswordError, RandomError, TokenError};
use control_plane::ControlPlaneError;
use problem::{Code, Problem};
use stream::StreamError;
use tenancy::DirectoryError;
use warehouse::{MigrationError, QueryLimit, WarehouseError};

use crate::onboarding::{DRAINED, OnboardingError, taken};

/// The retry hints (`Retry-After`) of this service.
pub(crate) mod retry_after {
    use std::time::Duration;

    /// A store is unavailable, or runs as many reports of the tenant as allowed.
    pub(crate) const STORE: Duration = Duration::from_secs(1);
    /// The ClickHouse cluster of a new tenant is unavailable.
    pub(crate) const CLUSTER: Duration = Duration::from_secs(5);
    /// The log does not answer, or some resubmitted events are not known to be in it.
    pub(crate) const LOG: Duration = Duration::from_secs(1);
    /// All cores hash passwords, and the queue is full.
    pub(crate) const PASSWORD: Duration = Duration::from_secs(1);
    /// The tenant has as many live streams open as allowed.
    pub(crate) const LIVE_STREAM: Duration = Duration::from_secs(5);
}

/// A request could not be answered: a problem of the caller, or an error of a store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Stream(#[from] StreamError),
    #[error(transparent)]
    Aggregates(#[from] AggregatesError),
    #[error(transparent)]
    ReportFile(#[from] ReportFileError),
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Onboarding(#[from] OnboardingError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The failure that several requests waited for.
    #[error(transparent)]
    Shared(Arc<Failure>),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => problem,
            other => problem_of(&other).with_source(other),
        }
    }
}

/// Returns one failure for every request that waited for the answer.
pub(crate) fn shared(failure: Arc<Failure>) -> Failure {
    match &*failure {
        // The caller can correct it: every one gets the reasons.
        Failure::Problem(problem) if problem.kind().status() < 500 => problem.repeated().into(),
        _ => Failure::Shared(failure),
    }
}

/// Returns a closure for `map_err` where the control plane can refuse only the field at `pointer`;
/// `reason` states what would be correct.
pub(crate) fn in_field(
    pointer: &'static str,
    reason: &'static str,
) -> impl FnOnce(ControlPlaneError) -> Failure {
    move |error| match error {
        ControlPlaneError::MissingReference { .. } | ControlPlaneError::Refused { .. } => {
            let problem = of_control_plane(&error).with_error(pointer, reason);
            problem.with_source(error).into()
        }
        other => other.into(),
    }
}

/// Returns the answer to a failure. It contains nothing of the cause.
fn problem_of(failure: &Failure) -> Problem {
    match failure {
        Failure::Problem(problem) => Problem::new(problem.code(), problem.code().title()),
        Failure::Shared(shared) => problem_of(shared),
        Failure::ControlPlane(error) => of_control_plane(error),
        Failure::Warehouse(error) => of_warehouse(error),
        Failure::Stream(_) => unavailable("The log of events", retry_after::LOG),
        Failure::Aggregates(error) => of_aggregates(error),
        Failure::ReportFile(error) => of_report_file(error),
        Failure::Credentials(_) | Failure::Directory(_) => {
            unavailable(web::DIRECTORY, retry_after::STORE)
        }
        Failure::Onboarding(error) => of_onboarding(error),
        // A hash, a random number or a signature that fails is an error of this process.
        Failure::Password(_) | Failure::Random(_) | Failure::Token(_) => internal(),
    }
}

fn of_control_plane(error: &ControlPlaneError) -> Problem {
    match error {
        ControlPlaneError::Unavailable(_) => unavailable(web::DIRECTORY, retry_after::STORE),
        ControlPlaneError::Conflict { .. } => Problem::new(
            Code::AlreadyExists,
            "A resource with this name or address exists already.",
        ),
        ControlPlaneError::MissingReference { .. } => Problem::new(
            Code::ReferenceNotFound,
            "The request names a resource that does not exist, or no longer exists.",
        ),
        ControlPlaneError::Refused { .. } => {
            Problem::new(Code::InvalidField, "A field of the request is not valid.")
        }
        ControlPlaneError::LastOwner => {
            let detail =
                "No other owner of the tenant can log in. Make another user an owner first.";
            Problem::new(Code::LastOwner, detail)
        }
        ControlPlaneError::Moving => {
            let detail = "The tenant is being moved. Wait until that has ended, or back it out.";
            Problem::new(Code::WrongState, detail)
        }
        ControlPlaneError::Drained => Problem::field("/cluster", DRAINED),
        ControlPlaneError::Taken(other) => Problem::field("/cluster", taken(other)),
        ControlPlaneError::Outdated(_)
        | ControlPlaneError::Corrupt { .. }
        | ControlPlaneError::Seal(_)
        | ControlPlaneError::Migration(_)
        | ControlPlaneError::NotEmpty
        | ControlPlaneError::Address => internal(),
    }
}

fn of_warehouse(error: &WarehouseError) -> Problem {
    match error {
        WarehouseError::Unavailable(_) => unavailable("The store of reports", retry_after::STORE),
        WarehouseError::Busy => {
            let detail = "The tenant runs as many reports at once as it may. Try again.";
            Problem::new(Code::RateLimited, detail).with_retry_after(retry_after::STORE)
        }
        WarehouseError::TooExpensive(limit, _) => too_expensive(*limit),
        WarehouseError::UnknownCluster(_) | WarehouseError::Refused(_) => internal(),
    }
}

fn too_expensive(limit: QueryLimit) -> Problem {
    let (exceeded, instead) = match limit {
        QueryLimit::Time => ("takes longer", "a shorter range or fewer dimensions"),
        QueryLimit::Memory => ("takes more memory", "a shorter range or fewer dimensions"),
        QueryLimit::Read => ("reads more rows", "a shorter range"),
        QueryLimit::Answer => {
            ("has a larger answer", "a coarser granularity, fewer dimensions or a filter")
        }
    };
    let detail = format!("The report {exceeded} than the tenant's reports may. Ask for {instead}.");
    Problem::new(Code::TooExpensive, detail)
}

fn of_aggregates(error: &AggregatesError) -> Problem {
    match error {
        AggregatesError::Redis(_) | AggregatesError::Silent => {
            unavailable("The store of live numbers", retry_after::STORE)
        }
        AggregatesError::Unreadable(_) | AggregatesError::BatchTooLarge(_) => internal(),
    }
}

fn of_report_file(error: &ReportFileError) -> Problem {
    match error {
        ReportFileError::Unavailable(_) => unavailable("The store of files", retry_after::STORE),
        ReportFileError::Missing(_) | ReportFileError::Unreadable(_) => internal(),
    }
}

fn of_onboarding(error: &OnboardingError) -> Problem {
    match error {
        OnboardingError::Fields(errors) => errors.iter().fold(
            Problem::new(Code::InvalidField, "Fields of the tenant are not valid."),
            |problem, error| problem.with_error(&error.pointer, &error.reason),
        ),
        OnboardingError::Exists => {
            Problem::new(Code::AlreadyExists, "A tenant with this id exists already.")
        }
        OnboardingError::NotProvisioned => {
            let detail = "The tenant's state was changed while it was provisioned.";
            Problem::new(Code::WrongState, detail)
        }
        OnboardingError::Warehouse { source, .. } => of_migration(source),
        OnboardingError::ControlPlane(error) => of_control_plane(error),
        // A request has no folder.
        OnboardingError::Folder(_) | OnboardingError::Credential(_) => internal(),
    }
}

/// Returns the answer while the tables of a new tenant cannot be created. The tenant remains
/// half made, and a repeated request completes it.
fn of_migration(error: &MigrationError) -> Problem {
    match error {
        MigrationError::Apply { source, .. } | MigrationError::Warehouse(source) => match source {
            WarehouseError::Unavailable(_) | WarehouseError::Busy => {
                unavailable("The tenant's ClickHouse cluster", retry_after::CLUSTER)
            }
            WarehouseError::UnknownCluster(_)
            | WarehouseError::TooExpensive(..)
            | WarehouseError::Refused(_) => internal(),
        },
        MigrationError::Changed { .. } => internal(),
    }
}

fn unavailable(part: &str, retry_after: Duration) -> Problem {
    Problem::new(Code::Unavailable, "").naming(part).with_retry_after(retry_after)
}

fn internal() -> Problem {
    let detail = "The request could not be completed. Report the request id to support.";
    Problem::new(Code::Internal, detail)
}

#[cfg(test)]
mod tests;
