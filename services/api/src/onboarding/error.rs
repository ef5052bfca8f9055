use auth::PasswordError;
use control_plane::ControlPlaneError;
use problem::{Code, FieldError, Problem};
use tenancy::ClientId;
use warehouse::MigrationError;

use super::folder::{FolderFault, lines};

/// When to try again while a part is away.
const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

/// A tenant was not planned or not made.
#[derive(Debug, thiserror::Error)]
pub enum OnboardingError {
    /// Fields of a request are wrong.
    #[error("the tenant's description is not valid")]
    Fields(Vec<FieldError>),
    /// Fields of files do not fit what is there, or each other.
    #[error("{}", lines(.0))]
    Folder(Vec<FolderFault>),
    /// There is such a tenant already.
    #[error("the tenant exists already")]
    Exists,
    /// The tenant's database could not be made; apply again to go on.
    #[error("the tables of {client_id} could not be made")]
    Warehouse {
        /// Which tenant.
        client_id: ClientId,
        /// Why.
        #[source]
        source: MigrationError,
    },
    /// PostgreSQL did not do it; apply again to go on.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// No credential could be made.
    #[error("a credential could not be made")]
    Credential(#[from] PasswordError),
}

impl From<OnboardingError> for Problem {
    fn from(error: OnboardingError) -> Self {
        match error {
            OnboardingError::Fields(errors) => {
                let problem = Self::new(Code::InvalidField, "Fields of the tenant are not valid.");
                errors
                    .into_iter()
                    .fold(problem, |problem, error| problem.with_error(error.pointer, error.reason))
            }
            OnboardingError::Exists => {
                Self::new(Code::AlreadyExists, "A tenant with this id exists already.")
            }
            OnboardingError::Warehouse { .. } => {
                Self::unavailable(RETRY_AFTER, error).naming("The tenant's ClickHouse cluster")
            }
            OnboardingError::ControlPlane(error) => error.into(),
            OnboardingError::Folder(_) | OnboardingError::Credential(_) => Self::internal(error),
        }
    }
}
