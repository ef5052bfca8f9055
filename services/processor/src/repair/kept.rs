use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use control_plane::{ControlPlaneError, PlatformControl, TenantDetail};
use tenancy::ClientId;

/// From when on each tenant's rows are kept; nothing is put back that was let go.
pub(crate) struct Kept {
    since: BTreeMap<ClientId, DateTime<Utc>>,
}

impl Kept {
    /// What is kept of each tenant now.
    pub(crate) async fn now(platform: &PlatformControl) -> Result<Self, ControlPlaneError> {
        let now = Utc::now();
        let tenants = platform.tenants().await?;
        let since = tenants
            .into_iter()
            .map(|tenant| (tenant.record.client_id.clone(), horizon(&tenant, now)))
            .collect();
        Ok(Self::since(since))
    }

    /// Of each tenant what was logged at this time or later.
    pub(crate) fn since(since: BTreeMap<ClientId, DateTime<Utc>>) -> Self {
        Self { since }
    }

    /// Whether there is such a tenant.
    pub(crate) fn knows(&self, tenant: &ClientId) -> bool {
        self.since.contains_key(tenant)
    }

    /// Whether a row of the tenant that was logged then is kept.
    pub(crate) fn keeps(&self, tenant: &ClientId, logged_at: DateTime<Utc>) -> bool {
        self.since.get(tenant).is_some_and(|since| *since <= logged_at)
    }
}

/// Rows of the tenant that were logged before this are let go: whole days, one deletion a day for
/// each tenant, whose rows are stored by day anyway.
pub(crate) fn horizon(tenant: &TenantDetail, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = now.duration_trunc(TimeDelta::days(1)).unwrap_or(now);
    let kept = TimeDelta::days(i64::from(tenant.retention_days));
    today.checked_sub_signed(kept).unwrap_or(DateTime::UNIX_EPOCH)
}
