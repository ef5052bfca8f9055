use std::{sync::Arc, time::Duration};

use aggregates::AggregatesError;
use auth::{CredentialStoreError, PasswordError, RandomError, TokenError};
use control_plane::ControlPlaneError;
use problem::{Code, Problem};
use tenancy::DirectoryError;
use warehouse::WarehouseError;

/// When to ask again while a store is unavailable.
const RETRY: Duration = Duration::from_secs(1);

/// Why a request was not answered: a problem of the caller's, or a store's error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Problem(#[from] Problem),
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    #[error(transparent)]
    Aggregates(#[from] AggregatesError),
    #[error(transparent)]
    Credentials(#[from] CredentialStoreError),
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Random(#[from] RandomError),
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The answer that several requests waited for.
    #[error(transparent)]
    Shared(Arc<Failure>),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Problem(problem) => problem,
            other => of_store(&other).with_source(other),
        }
    }
}

/// One failure, for everybody who waited for the answer.
pub(crate) fn shared(failure: Arc<Failure>) -> Failure {
    match &*failure {
        Failure::Problem(problem) if problem.code() == Code::NotFound => {
            Problem::not_found().into()
        }
        _ => Failure::Shared(failure),
    }
}

/// What a store's error tells the caller, which is nothing of its cause.
fn of_store(failure: &Failure) -> Problem {
    let unavailable =
        |part| Problem::new(Code::Unavailable, "").naming(part).with_retry_after(RETRY);
    match failure {
        Failure::ControlPlane(ControlPlaneError::Conflict { .. }) => {
            Problem::new(Code::AlreadyExists, "There is one with that name or address already.")
        }
        Failure::ControlPlane(ControlPlaneError::Refused { .. }) => {
            Problem::new(Code::Conflict, "It names something that does not exist (any more).")
        }
        Failure::ControlPlane(ControlPlaneError::Unavailable(_))
        | Failure::Credentials(_)
        | Failure::Directory(_) => unavailable(web::DIRECTORY),
        Failure::Warehouse(WarehouseError::Unavailable(_)) => unavailable("The store of reports"),
        Failure::Aggregates(_) => unavailable("The store of live numbers"),
        Failure::Warehouse(WarehouseError::Busy) => Problem::new(
            Code::RateLimited,
            "As many reports of this tenant are running as may. Try again.",
        )
        .with_retry_after(RETRY),
        Failure::Warehouse(WarehouseError::TooExpensive(_)) => {
            let detail = "It takes too long. Ask for a shorter range or a coarser granularity.";
            Problem::new(Code::InvalidRange, detail)
        }
        Failure::Shared(shared) => of_store(shared),
        Failure::Problem(problem) => Problem::new(problem.code(), problem.code().title()),
        Failure::ControlPlane(_)
        | Failure::Warehouse(_)
        | Failure::Password(_)
        | Failure::Random(_)
        | Failure::Token(_) => Problem::new(
            Code::Internal,
            "The request could not be completed. Quote the request id to us.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_that_is_too_expensive_is_told_how_to_be_cheaper() {
        let failure = Failure::from(WarehouseError::TooExpensive("Code: 241".into()));
        let problem = Problem::from(shared(Arc::new(failure)));
        assert_eq!(problem.code(), Code::InvalidRange);
        let body = problem.body("r1");
        assert!(body.contains("a shorter range or a coarser granularity"), "{body}");
        assert!(!body.contains("241"), "{body}");
    }
}
