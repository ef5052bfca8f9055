use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use control_plane::{ControlPlaneError, PlatformControl, TenantDetail};
use tenancy::{ClientId, Destination, Placement, TenantState};

/// The time since which each tenant's rows are retained. Expired rows are not restored.
pub(crate) struct Retention {
    since: BTreeMap<ClientId, DateTime<Utc>>,
    /// The databases that erased tenants had to themselves.
    erased: BTreeSet<String>,
}

impl Retention {
    /// The retention of every tenant as it is now; nothing of one that is being erased.
    pub(crate) async fn now(platform: &PlatformControl) -> Result<Self, ControlPlaneError> {
        let now = Utc::now();
        let tenants = platform.tenants().await?;
        let since = tenants
            .into_iter()
            .filter(|tenant| tenant.record.state != TenantState::Erasing)
            .map(|tenant| (tenant.record.client_id.clone(), horizon(&tenant, now)))
            .collect();
        let erased = platform.erased_tenants().await?;
        let erased = erased.iter().map(Placement::own_database).collect();
        Ok(Self { erased, ..Self::since(since) })
    }

    /// Retains of each tenant what was logged at this time or later.
    pub(crate) fn since(since: BTreeMap<ClientId, DateTime<Utc>>) -> Self {
        Self { since, erased: BTreeSet::new() }
    }

    /// Whether the tables were those of an erased tenant: nothing is expected in them.
    pub(crate) fn has_erased(&self, tables: &Destination) -> bool {
        self.erased.contains(&tables.database)
    }

    /// Whether the tenant exists.
    pub(crate) fn knows(&self, tenant: &ClientId) -> bool {
        self.since.contains_key(tenant)
    }

    /// Whether a row of the tenant that was logged at this time is retained.
    pub(crate) fn retains(&self, tenant: &ClientId, logged_at: DateTime<Utc>) -> bool {
        self.since.get(tenant).is_some_and(|since| *since <= logged_at)
    }
}

/// The time before which rows of the tenant are expired. It is the start of a day, so that there is
/// one deletion a day for each tenant; ClickHouse stores rows by day. What was deleted stays so when the retention
/// is made longer: rollups may be kept in its place.
pub(crate) fn horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let retained = TimeDelta::days(i64::from(tenant.retention_days));
    let horizon = today.checked_sub_signed(retained).unwrap_or(DateTime::UNIX_EPOCH);
    tenant.rows_from.map_or(horizon, |deleted| deleted.max(horizon))
}
