use auth::PasswordError;
use control_plane::ControlPlaneError;
use problem::FieldError;
use tenancy::ClientId;
use warehouse::MigrationError;

use super::folder::{FolderFault, lines};

/// A tenant could not be planned or made.
#[derive(Debug, thiserror::Error)]
pub enum OnboardingError {
    /// Fields of a request are wrong.
    #[error("the tenant's description is not valid")]
    Fields(Vec<FieldError>),
    /// Fields of files contradict what exists, or each other.
    #[error("{}", lines(.0))]
    Folder(Vec<FolderFault>),
    /// The tenant exists already.
    #[error("the tenant exists already")]
    Exists,
    /// The tenant's state was changed while it was provisioned: it is not activated.
    #[error("the tenant's state was changed meanwhile")]
    NotProvisioned,
    /// The tenant's tables could not be created; apply again to continue.
    #[error("the tables of {client_id} could not be created")]
    Warehouse {
        /// The tenant.
        client_id: ClientId,
        /// The cause.
        #[source]
        source: MigrationError,
    },
    /// A statement of PostgreSQL failed; apply again to continue.
    #[error(transparent)]
    ControlPlane(#[from] ControlPlaneError),
    /// A credential could not be created.
    #[error("a credential could not be created")]
    Credential(#[from] PasswordError),
}
