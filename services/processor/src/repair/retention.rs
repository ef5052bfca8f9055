use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use control_plane::{ControlPlaneError, PlatformControl, TenantDetail};
use events::CanonicalEvent;
use privacy::ErasedPersons;
use tenancy::{ClientId, Destination, Placement, TenantState};

/// What is retained: of each tenant, the rows since a time, except those of erased persons. Other rows are not
/// restored.
pub(crate) struct Retention {
    since: BTreeMap<ClientId, DateTime<Utc>>,
    /// The databases that erased tenants had to themselves.
    erased: BTreeSet<String>,
    persons: Arc<ErasedPersons>,
}

impl Retention {
    /// The retention of every tenant as it is now; nothing of one that is being erased.
    pub(crate) async fn now(
        platform: &PlatformControl,
        persons: Arc<ErasedPersons>,
    ) -> Result<Self, ControlPlaneError> {
        let now = Utc::now();
        let tenants = platform.tenants().await?;
        let since = tenants
            .into_iter()
            .filter(|tenant| tenant.record.state != TenantState::Erasing)
            .map(|tenant| (tenant.record.client_id.clone(), horizon(&tenant, now)))
            .collect();
        let erased = platform.erased_tenants().await?;
        let erased = erased.iter().map(Placement::own_database).collect();
        Ok(Self { erased, persons, ..Self::since(since) })
    }

    /// Retains of each tenant what was logged at this time or later.
    pub(crate) fn since(since: BTreeMap<ClientId, DateTime<Utc>>) -> Self {
        Self { since, erased: BTreeSet::new(), persons: Arc::default() }
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

/// The time before which rows of the tenant are expired. It is the start of a day, so that there is
/// one deletion a day for each tenant; ClickHouse stores rows by day.
pub(crate) fn horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let retained = TimeDelta::days(i64::from(tenant.retention_days));
    today.checked_sub_signed(retained).unwrap_or(DateTime::UNIX_EPOCH)
}
