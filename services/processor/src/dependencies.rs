use aggregates::Aggregates;
use archive::Archive;
use auth::Sealer;
use control_plane::ControlPlane;
use stream::KafkaSettings;
use tenancy::{PlatformContext, TenantRouter};
use warehouse::Warehouse;

use crate::ProcessorSettings;

/// The settings and stores that a processor works with.
#[derive(Clone)]
pub struct Dependencies {
    /// How batches are cut.
    pub settings: ProcessorSettings,
    /// The log.
    pub kafka: KafkaSettings,
    /// The ledger, and the lists of campaigns and products.
    pub control_plane: ControlPlane,
    /// ClickHouse.
    pub warehouse: Warehouse,
    /// Redis.
    pub aggregates: Aggregates,
    /// Every record of the log, as long as its tenant retains rows.
    pub archive: Archive,
    /// Opens the keys with which ids of erased persons are hashed.
    pub sealer: Sealer,
    /// Resolves the tenant of a record.
    pub router: TenantRouter,
}

impl Dependencies {
    /// The processor's own identity, for work across tenants: retention, rebuilds, reconciliation.
    pub(crate) fn platform(&self) -> PlatformContext {
        #[expect(clippy::disallowed_methods, reason = "the processor works for the platform")]
        TenantRouter::platform("processor")
    }
}
