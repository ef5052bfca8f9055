//! `/v1/admin/tenants`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use control_plane::{PlatformControl, TenantDetail};
use money::Currency;
use problem::Problem;
use serde::Serialize;
use tenancy::{ClientId, ClusterName, Isolation, Limits, Origin, TenantState};
use utoipa::ToSchema;

use crate::{failure::Failure, schemas};

pub(crate) mod api_keys;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod show;
pub(crate) mod users;

/// A tenant, in the words of `tenants/*.toml`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    id: ClientId,
    /// The name people know it by.
    name: String,
    /// How far its data is kept apart.
    #[schema(value_type = schemas::IsolationTier)]
    isolation: Isolation,
    /// The ClickHouse cluster its rows are on.
    #[schema(value_type = schemas::Slug)]
    cluster: ClusterName,
    /// Whether it may send and read.
    #[schema(value_type = schemas::State)]
    state: TenantState,
    /// The zone its days begin in.
    #[schema(example = "Europe/Warsaw")]
    time_zone: &'static str,
    /// The currency of amounts sent without one.
    #[schema(value_type = schemas::Currency)]
    currency: Currency,
    /// The origins whose pages may read its answers.
    #[schema(value_type = Vec<schemas::Origin>)]
    origins: Arc<[Origin]>,
    /// How long raw events are kept, in days.
    retention_days: u32,
    /// What it may use.
    limits: LimitsView,
    /// When it was onboarded.
    created_at: DateTime<Utc>,
}

/// What a tenant may use.
#[derive(Debug, Serialize, ToSchema)]
struct LimitsView {
    /// Events accepted per second, averaged over ten seconds.
    events_per_second: u32,
    /// Report queries running at once.
    concurrent_queries: u16,
    /// Open live streams.
    live_streams: u16,
    /// Log partitions its events spread over.
    partition_spread: u16,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        let Limits { events_per_second, concurrent_queries, live_streams, partition_spread } =
            limits;
        Self { events_per_second, concurrent_queries, live_streams, partition_spread }
    }
}

impl From<TenantDetail> for TenantView {
    fn from(detail: TenantDetail) -> Self {
        let TenantDetail { record, retention_days, created_at } = detail;
        Self {
            id: record.client_id,
            name: record.name,
            isolation: record.placement.isolation,
            cluster: record.placement.cluster,
            state: record.state,
            time_zone: record.time_zone.name(),
            currency: record.currency,
            origins: record.origins,
            retention_days,
            limits: record.limits.into(),
            created_at,
        }
    }
}

/// The tenant with this id, which must be there.
async fn existing(platform: &PlatformControl, id: &ClientId) -> Result<TenantDetail, Failure> {
    let tenant = platform.tenant(id).await?;
    tenant.ok_or_else(|| Problem::not_found().into())
}
