use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, PlatformControl};
use events::CanonicalEvent;
use privacy::ErasedPersons;
use tenancy::{ClientId, Destination, Placement, TenantState};

use crate::horizon::horizon;

/// What is retained: of each tenant, the rows since a time, except those of erased persons. Other rows are not
/// restored.
pub(crate) struct Retention {
    since: BTreeMap<ClientId, DateTime<Utc>>,
    /// The databases that erased tenants had to themselves.
    erased: BTreeSet<String>,
    persons: Arc<ErasedPersons>,
    moved: Moved,
}

/// The tenants that were ever moved, or are being moved, and the destination that is accountable for the rows
/// of each: where its reads go. A flip needs the lease of the reconciliation, so it does not change meanwhile.
#[derive(Default)]
pub(crate) struct Moved(BTreeMap<ClientId, Destination>);

impl Moved {
    /// These tenants, each at its destination.
    #[cfg(test)]
    pub(crate) fn to<const N: usize>(tenants: [(&str, Destination); N]) -> Self {
        Self(tenants.map(|(tenant, there)| (tenant.parse().unwrap(), there)).into())
    }

    /// The destination of a tenant, if it was moved.
    pub(crate) fn of(&self, tenant: &ClientId) -> Option<&Destination> {
        self.0.get(tenant)
    }

    /// Every such tenant.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &ClientId> {
        self.0.keys()
    }

    /// Those that the tables are not accountable for.
    pub(crate) fn elsewhere(&self, tables: &Destination) -> Vec<&ClientId> {
        self.0.iter().filter(|(_, there)| *there != tables).map(|(tenant, _)| tenant).collect()
    }

    /// Whether the tables were those of a tenant that is elsewhere now: nothing is expected in them.
    pub(crate) fn has_left(&self, tables: &Destination) -> bool {
        let own = |tenant: &ClientId| Placement::own_database(tenant) == tables.database;
        self.0.iter().any(|(tenant, there)| there != tables && own(tenant))
    }
}

/// The first route version of every tenant.
const FIRST_ROUTE: u32 = 1;

impl Retention {
    /// The retention of every tenant as it is now; nothing of one that is being erased.
    pub(crate) async fn now(
        platform: &PlatformControl,
        persons: Arc<ErasedPersons>,
    ) -> Result<Self, ControlPlaneError> {
        let now = Utc::now();
        let tenants = platform.tenants().await?;
        let moved = tenants.iter().map(|tenant| &tenant.record);
        let moved = moved.filter(|record| record.placement.route_version > FIRST_ROUTE);
        let moved = moved.map(|record| {
            (record.client_id.clone(), record.placement.destination(&record.client_id))
        });
        let moved = Moved(moved.collect());
        let since = tenants
            .into_iter()
            .filter(|tenant| tenant.record.state != TenantState::Erasing)
            .map(|tenant| (tenant.record.client_id.clone(), horizon(&tenant, now)))
            .collect();
        let erased = platform.erased_tenants().await?;
        let erased = erased.iter().map(Placement::own_database).collect();
        Ok(Self { erased, moved, persons, ..Self::since(since) })
    }

    /// Retains of each tenant what was logged at this time or later.
    pub(crate) fn since(since: BTreeMap<ClientId, DateTime<Utc>>) -> Self {
        let (erased, moved, persons) = (BTreeSet::new(), Moved::default(), Arc::default());
        Self { since, erased, moved, persons }
    }

    /// The tenants that were moved.
    pub(crate) fn moved(&self) -> &Moved {
        &self.moved
    }

    /// Whether the tables were those of an erased tenant: nothing is expected in them.
    pub(crate) fn has_erased(&self, tables: &Destination) -> bool {
        self.erased.contains(&tables.database)
    }

    /// Whether the tenant exists.
    pub(crate) fn knows(&self, tenant: &ClientId) -> bool {
        self.since.contains_key(tenant)
    }

    /// Whether the rows of an event of the tenant that was logged at this time are retained.
    pub(crate) fn retains(
        &self,
        tenant: &ClientId,
        logged_at: DateTime<Utc>,
        event: &CanonicalEvent<'_>,
    ) -> bool {
        self.since.get(tenant).is_some_and(|since| *since <= logged_at)
            && !self.persons.include(tenant, event)
    }
}
