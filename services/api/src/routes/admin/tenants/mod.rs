//! `/v1/admin/tenants`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use control_plane::{PlatformControl, TenantDetail};
use money::Currency;
use problem::Problem;
use serde::Serialize;
use tenancy::{ClientId, ClusterName, Isolation, Limits, Origin, TenantState};
use utoipa::ToSchema;

use crate::{failure::Failure, onboarding::QuotasFile, schemas};

pub(crate) mod api_keys;
pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod moves;
pub(crate) mod offboard;
pub(crate) mod offboarding;
pub(crate) mod resume;
pub(crate) mod show;
pub(crate) mod suspend;
pub(crate) mod users;

/// A tenant, with the fields of `tenants/*.toml`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    id: ClientId,
    /// The display name.
    name: String,
    /// The isolation of its data.
    #[schema(value_type = schemas::IsolationTier)]
    isolation: Isolation,
    /// The ClickHouse cluster that stores its rows.
    #[schema(value_type = schemas::Slug)]
    cluster: ClusterName,
    /// Whether it may send and read.
    #[schema(value_type = schemas::State)]
    state: TenantState,
    /// Why it is suspended or offboarded.
    #[schema(value_type = Option<schemas::StateReason>)]
    state_reason: Option<Arc<str>>,
    /// Since when it is in this state.
    state_since: DateTime<Utc>,
    /// The time zone of its days.
    #[schema(example = "Europe/Warsaw")]
    time_zone: &'static str,
    /// The currency of amounts sent without one.
    #[schema(value_type = schemas::Currency)]
    currency: Currency,
    /// The origins whose pages may read its answers.
    #[schema(value_type = Vec<schemas::Origin>)]
    origins: Arc<[Origin]>,
    /// How long raw events are retained, in days.
    retention_days: u32,
    /// How long rollups of them are kept, in days; none are if it is not longer.
    rollup_retention_days: u32,
    /// Its limits.
    limits: LimitsView,
    /// When it was onboarded.
    created_at: DateTime<Utc>,
}

/// The limits of a tenant.
#[derive(Debug, Serialize, ToSchema)]
struct LimitsView {
    /// Events accepted per second, averaged over ten seconds.
    events_per_second: u32,
    /// Report queries that may run at once.
    concurrent_queries: u16,
    /// How long a statement of a report may take, in seconds.
    query_seconds: u16,
    /// The memory that a statement of a report may take in ClickHouse, in MiB.
    query_memory_mib: u32,
    /// The rows that a statement of a report may read.
    query_rows: u64,
    /// Open live streams.
    live_streams: u16,
    /// Log partitions over which its events are spread.
    partition_spread: u16,
    /// What it may send and ask for over time, beside the events per second.
    quotas: QuotasFile,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let Limits {
            events_per_second,
            concurrent_queries,
            query_seconds,
            query_memory_mib,
            query_rows,
            live_streams,
            partition_spread,
            quotas,
        } = limits;
        Self {
            events_per_second,
            concurrent_queries,
            query_seconds,
            query_memory_mib,
            query_rows,
            live_streams,
            partition_spread,
            quotas: quotas.into(),
        }
    }
}

impl From<TenantDetail> for TenantView {
    fn from(detail: TenantDetail) -> Self {
        let TenantDetail {
            record,
            retention_days,
            rollup_retention_days,
            created_at,
            state_since,
            ..
        } = detail;
        Self {
            id: record.client_id,
            name: record.name,
            isolation: record.placement.isolation,
            cluster: record.placement.cluster,
            state: record.state,
            state_reason: record.state_reason,
            state_since,
            time_zone: record.time_zone.name(),
            currency: record.currency,
            origins: record.origins,
            retention_days,
            rollup_retention_days,
            limits: record.limits.into(),
            created_at,
        }
    }
}

/// Returns the tenant with this id; `not_found` if it does not exist.
async fn existing(platform: &PlatformControl, id: &ClientId) -> Result<TenantDetail, Failure> {
    let tenant = platform.tenant(id).await?;
    tenant.ok_or_else(|| Problem::not_found().into())
}
