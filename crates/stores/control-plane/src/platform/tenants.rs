use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use money::Currency;
use serde_json::{Value, json};
use sqlx::{FromRow, types::Json};
use tenancy::{
    ClientId, ClusterName, Isolation, Limits, Origin, Placement, Quotas, TenantRecord, TenantState,
};

use super::neighbours::{lock_cluster, neighbour};
use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// The settings of a tenant that an operator chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSpec {
    /// The tenant.
    pub client_id: ClientId,
    /// Its display name.
    pub name: String,
    /// Its limits.
    pub limits: Limits,
    /// The retention of raw events, in days.
    pub retention_days: u32,
    /// The retention of rollups, in days. None are kept if it is not longer than that of the events.
    pub rollup_retention_days: u32,
    /// The time zone in which its days begin.
    pub time_zone: Tz,
    /// The currency of amounts that are sent without one.
    pub currency: Currency,
    /// The origins whose pages may read its answers.
    pub origins: Vec<Origin>,
}

/// Everything that the control plane stores about a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantDetail {
    /// The part that the router uses.
    pub record: TenantRecord,
    /// The retention of raw events, in days.
    pub retention_days: u32,
    /// The retention of rollups, in days. None are kept if it is not longer than that of the events.
    pub rollup_retention_days: u32,
    /// Rows that the log received before this time are deleted for good; `None` if no row is.
    pub rows_from: Option<DateTime<Utc>>,
    /// When it was onboarded.
    pub created_at: DateTime<Utc>,
    /// Since when it is in its state.
    pub state_since: DateTime<Utc>,
    /// Why it was suspended before its offboarding began, and reads nothing.
    pub suspended_for: Option<Arc<str>>,
}

#[derive(FromRow)]
pub(crate) struct TenantRow {
    client_id: String,
    name: String,
    state: String,
    state_reason: Option<String>,
    state_since: DateTime<Utc>,
    suspended_for: Option<String>,
    events_per_second: i64,
    concurrent_queries: i32,
    query_seconds: i32,
    query_memory_mib: i32,
    query_rows: i64,
    live_streams: i32,
    partition_spread: i32,
    quotas: Json<Quotas>,
    retention_days: i64,
    rollup_retention_days: i64,
    rows_from: Option<DateTime<Utc>>,
    time_zone: String,
    currency: String,
    origins: Vec<String>,
    token_version: i32,
    created_at: DateTime<Utc>,
    isolation: String,
    cluster: String,
    route_version: i32,
    mirror_isolation: Option<String>,
    mirror_cluster: Option<String>,
}

impl TryFrom<TenantRow> for TenantDetail {
    type Error = ControlPlaneError;

    fn try_from(row: TenantRow) -> Result<Self, ControlPlaneError> {
        let number = ControlPlaneError::corrupt::<std::num::TryFromIntError>;
        let limits = Limits {
            events_per_second: row.events_per_second.try_into().map_err(number("limit"))?,
            concurrent_queries: row.concurrent_queries.try_into().map_err(number("limit"))?,
            query_seconds: row.query_seconds.try_into().map_err(number("limit"))?,
            query_memory_mib: row.query_memory_mib.try_into().map_err(number("limit"))?,
            query_rows: row.query_rows.try_into().map_err(number("limit"))?,
            live_streams: row.live_streams.try_into().map_err(number("limit"))?,
            partition_spread: row.partition_spread.try_into().map_err(number("limit"))?,
            quotas: row.quotas.0,
        };
        let placement = placement((row.isolation, row.cluster, row.route_version))?;
        let mirror = row.mirror_isolation.zip(row.mirror_cluster);
        let mirror =
            mirror.map(|(tier, cluster)| self::placement((tier, cluster, row.route_version)));
        let origins: Result<_, _> = row.origins.iter().map(|text| text.parse::<Origin>()).collect();
        let record = TenantRecord {
            client_id: row.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?,
            name: row.name,
            state: state(&row.state)?,
            state_reason: row.state_reason.map(Arc::from),
            placement,
            mirror: mirror.transpose()?,
            limits,
            time_zone: row.time_zone.parse().map_err(ControlPlaneError::corrupt("time zone"))?,
            currency: row.currency.parse().map_err(ControlPlaneError::corrupt("currency"))?,
            origins: origins.map_err(ControlPlaneError::corrupt("origin"))?,
            token_version: row.token_version.try_into().map_err(number("token version"))?,
        };
        Ok(Self {
            record,
            retention_days: row.retention_days.try_into().map_err(number("retention"))?,
            rollup_retention_days: row
                .rollup_retention_days
                .try_into()
                .map_err(number("retention of rollups"))?,
            rows_from: row.rows_from,
            created_at: row.created_at,
            state_since: row.state_since,
            suspended_for: row.suspended_for.map(Arc::from),
        })
    }
}

pub(super) fn placement(
    (tier, cluster, route_version): (String, String, i32),
) -> Result<Placement, ControlPlaneError> {
    let version = route_version.try_into();
    Ok(Placement {
        isolation: isolation(&tier)?,
        cluster: cluster.parse().map_err(ControlPlaneError::corrupt("cluster name"))?,
        route_version: version.map_err(ControlPlaneError::corrupt("route version"))?,
    })
}

fn isolation(text: &str) -> Result<Isolation, ControlPlaneError> {
    Isolation::ALL
        .into_iter()
        .find(|tier| tier.as_str() == text)
        .ok_or_else(|| ControlPlaneError::corrupt("isolation")(text))
}

fn state(text: &str) -> Result<TenantState, ControlPlaneError> {
    TenantState::ALL
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| ControlPlaneError::corrupt("tenant state")(text))
}

impl PlatformControl {
    /// Returns every tenant, by id.
    pub async fn tenants(&self) -> Result<Vec<TenantDetail>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<TenantRow> =
            sqlx::query_as(sql!("tenant/list")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(TenantDetail::try_from).collect()
    }

    /// Returns one tenant, in any state.
    pub async fn tenant(
        &self,
        client_id: &ClientId,
    ) -> Result<Option<TenantDetail>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<TenantRow> = sqlx::query_as(sql!("tenant/get"))
            .bind(client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(TenantDetail::try_from).transpose()
    }

    /// Returns every place at which a tenant's rows may be, also while it is moved, the first one first. Not those that
    /// a move has emptied.
    pub async fn placements(
        &self,
        client_id: &ClientId,
    ) -> Result<Vec<Placement>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(String, String, i32)> = sqlx::query_as(sql!("placement/list"))
            .bind(client_id.as_str())
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(placement).collect()
    }

    /// Notes that what the log received of a tenant before these times is about to be deleted: rows, and rollups.
    /// It stays so when the tenant's retention is made longer.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn note_expired(
        &self,
        client_id: &ClientId,
        rows: DateTime<Utc>,
        rollups: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("tenant/note_expired"))
            .bind(client_id.as_str())
            .bind(rows)
            .bind(rollups)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Creates a tenant, in the state `provisioning`, with its first placement.
    ///
    /// # Errors
    /// [`ControlPlaneError::Drained`] if the cluster takes no new tenants, [`ControlPlaneError::Taken`] if another
    /// tenant keeps this one from it.
    pub async fn create_tenant(
        &self,
        spec: &TenantSpec,
        isolation: Isolation,
        cluster: &ClusterName,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        if lock_cluster(&mut transaction, cluster).await? == Some(true) {
            return Err(ControlPlaneError::Drained);
        }
        let client_id = &spec.client_id;
        if let Some(other) = neighbour(&mut transaction, client_id, isolation, cluster).await? {
            return Err(ControlPlaneError::Taken(other));
        }
        bind(sqlx::query(sql!("tenant/create")), spec).execute(&mut transaction).await?;
        sqlx::query(sql!("placement/create"))
            .bind(spec.client_id.as_str())
            .bind(isolation.as_str())
            .bind(cluster.as_str())
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "tenant.create",
            client_id: Some(&spec.client_id),
            subject: spec.client_id.as_str(),
            detail: json!({
                "name": spec.name,
                "isolation": isolation,
                "cluster": cluster,
                "limits": spec.limits,
                "retention_days": spec.retention_days,
                "rollup_retention_days": spec.rollup_retention_days,
                "time_zone": spec.time_zone.name(),
                "currency": spec.currency,
                "origins": spec.origins,
            }),
        };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Changes the settings of an existing tenant.
    pub async fn update_tenant(&self, spec: &TenantSpec) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let before: Option<TenantRow> = sqlx::query_as(sql!("tenant/get"))
            .bind(spec.client_id.as_str())
            .fetch_optional(&mut transaction)
            .await?;
        let before = before.map(TenantDetail::try_from).transpose()?;
        bind(sqlx::query(sql!("tenant/update")), spec).execute(&mut transaction).await?;
        let entry = AuditEntry {
            action: "tenant.update",
            client_id: Some(&spec.client_id),
            subject: spec.client_id.as_str(),
            detail: json!({
                "before": before.map(|before| settings(&before)),
                "name": spec.name,
                "limits": spec.limits,
                "retention_days": spec.retention_days,
                "rollup_retention_days": spec.rollup_retention_days,
                "time_zone": spec.time_zone.name(),
                "currency": spec.currency,
                "origins": spec.origins,
            }),
        };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        Ok(transaction.commit().await?)
    }
}

/// Returns what an operator can change, for the audit log.
fn settings(tenant: &TenantDetail) -> Value {
    json!({
        "name": tenant.record.name,
        "limits": tenant.record.limits,
        "retention_days": tenant.retention_days,
        "rollup_retention_days": tenant.rollup_retention_days,
        "time_zone": tenant.record.time_zone.name(),
        "currency": tenant.record.currency,
        "origins": tenant.record.origins.as_ref(),
    })
}

type PgQuery<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

fn bind<'q>(query: PgQuery<'q>, spec: &'q TenantSpec) -> PgQuery<'q> {
    query
        .bind(spec.client_id.as_str())
        .bind(&spec.name)
        .bind(i64::from(spec.limits.events_per_second))
        .bind(i32::from(spec.limits.concurrent_queries))
        .bind(i32::from(spec.limits.live_streams))
        .bind(i32::from(spec.limits.partition_spread))
        .bind(i64::from(spec.retention_days))
        .bind(spec.time_zone.name())
        .bind(spec.currency.as_str())
        .bind(spec.origins.iter().map(Origin::to_string).collect::<Vec<_>>())
        .bind(i32::from(spec.limits.query_seconds))
        .bind(i32::try_from(spec.limits.query_memory_mib).unwrap_or(i32::MAX))
        .bind(i64::try_from(spec.limits.query_rows).unwrap_or(i64::MAX))
        .bind(Json(spec.limits.quotas))
        .bind(i64::from(spec.rollup_retention_days))
}
