use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use control_plane::{ControlPlaneError, PlatformControl, TenantDetail};
use tenancy::ClientId;

/// The time since which each tenant's rows are retained. Expired rows are not restored.
pub(crate) struct Retention {
    since: BTreeMap<ClientId, DateTime<Utc>>,
}

impl Retention {
    /// The retention of every tenant as it is now.
    pub(crate) async fn now(platform: &PlatformControl) -> Result<Self, ControlPlaneError> {
        let now = Utc::now();
        let tenants = platform.tenants().await?;
        let since = tenants
            .into_iter()
            .map(|tenant| (tenant.record.client_id.clone(), horizon(&tenant, now)))
            .collect();
        Ok(Self::since(since))
    }

    /// Retains of each tenant what was logged at this time or later.
    pub(crate) fn since(since: BTreeMap<ClientId, DateTime<Utc>>) -> Self {
        Self { since }
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
/// one deletion a day for each tenant; ClickHouse stores rows by day.
pub(crate) fn horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let retained = TimeDelta::days(i64::from(tenant.retention_days));
    today.checked_sub_signed(retained).unwrap_or(DateTime::UNIX_EPOCH)
}
