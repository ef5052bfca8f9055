mod archive_retention;
mod backups;
mod catalogue;
mod clusters;
mod data_keys;
mod erased_persons;
mod identities;
mod move_record;
mod move_steps;
mod moves;
mod neighbours;
mod offboarding;
mod parked;
mod person_erasures;
mod person_words;
mod resubmissions;
mod sealed_secrets;
mod signing_keys;
mod tenant_states;
mod tenants;

use tenancy::PlatformContext;

use crate::{ControlPlane, ControlPlaneError, pool::Transaction};

pub use catalogue::Inventory;
pub use clusters::{Account, Cluster, RegisteredCluster};
pub use data_keys::SealedDataKeys;
pub use erased_persons::ErasedPersonsVersion;
pub use move_record::{MoveStepRecord, TenantMove};
pub use moves::{BackOut, BegunMove, MoveRefusal};
pub use neighbours::Neighbour;
pub use offboarding::{EraseReceipt, EraseStep, Offboarding, OffboardingStep};
pub use sealed_secrets::{RewrappedPiece, SealedColumn, SealedCount};
pub use tenants::{TenantDetail, TenantSpec};

pub(crate) use tenants::TenantRow;

/// The platform's own work, across tenants. Each transaction that makes a change also records it in
/// the audit log.
#[derive(Clone)]
pub struct PlatformControl {
    control_plane: ControlPlane,
    context: PlatformContext,
}

impl PlatformControl {
    pub(crate) fn new(control_plane: ControlPlane, context: PlatformContext) -> Self {
        Self { control_plane, context }
    }

    pub(crate) fn actor(&self) -> &str {
        self.context.actor()
    }

    pub(crate) async fn begin(&self) -> Result<Transaction, ControlPlaneError> {
        self.control_plane.begin_platform().await
    }
}
