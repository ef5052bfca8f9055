use std::collections::BTreeMap;

use auth::{SealedField, Sealer};
use chrono::{DateTime, Utc};
use serde_json::json;
use settings::Secret;
use sqlx::FromRow;
use tenancy::ClusterName;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// A ClickHouse server or cluster, with its passwords in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its name in placements.
    pub name: ClusterName,
    /// Its HTTP address.
    pub url: String,
    /// The account that inserts, migrates and reads back.
    pub writer: Account,
    /// The account that reads reports, under row policies.
    pub reader: Account,
}

/// A ClickHouse user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// A registered cluster, and what is placed on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredCluster {
    /// Its address and accounts.
    pub cluster: Cluster,
    /// When it was registered first.
    pub registered_at: DateTime<Utc>,
    /// Since when it takes no new tenants; `None` while it does.
    pub drained_since: Option<DateTime<Utc>>,
    /// How many tenants are placed on it.
    pub tenants: u64,
}

#[derive(FromRow)]
struct ClusterRow {
    name: String,
    url: String,
    writer_user: String,
    writer_password_sealed: Vec<u8>,
    reader_user: String,
    reader_password_sealed: Vec<u8>,
    registered_at: DateTime<Utc>,
    drained_since: Option<DateTime<Utc>>,
}

impl PlatformControl {
    /// Returns the names of the clusters, and since when each takes no new tenants.
    pub async fn cluster_names(
        &self,
    ) -> Result<BTreeMap<ClusterName, Option<DateTime<Utc>>>, ControlPlaneError> {
        let rows = self.cluster_rows().await?;
        rows.iter().map(|row| Ok((parse_name(&row.name)?, row.drained_since))).collect()
    }

    /// Returns the clusters with their passwords and what is placed on them, by name.
    pub async fn registered_clusters(
        &self,
        sealer: &Sealer,
    ) -> Result<Vec<RegisteredCluster>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<ClusterRow> =
            sqlx::query_as(sql!("cluster/list")).fetch_all(&mut transaction).await?;
        let counts: Vec<(String, i64)> =
            sqlx::query_as(sql!("cluster/tenant_counts")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        let counts: BTreeMap<_, _> = counts.into_iter().collect();
        let registered = |row: ClusterRow| {
            Ok(RegisteredCluster {
                registered_at: row.registered_at,
                drained_since: row.drained_since,
                tenants: counts.get(&row.name).copied().unwrap_or_default().cast_unsigned(),
                cluster: open_cluster(sealer, row)?,
            })
        };
        rows.into_iter().map(registered).collect()
    }

    /// Drains a cluster: no new tenant is placed on it. `false` when it is drained or does not exist.
    pub async fn drain_cluster(&self, name: &ClusterName) -> Result<bool, ControlPlaneError> {
        self.change_cluster(name, sql!("cluster/drain"), "cluster.drain").await
    }

    /// Lets a drained cluster take new tenants again. `false` when it is not drained or does not exist.
    pub async fn resume_cluster(&self, name: &ClusterName) -> Result<bool, ControlPlaneError> {
        self.change_cluster(name, sql!("cluster/resume"), "cluster.resume").await
    }

    async fn change_cluster(
        &self,
        name: &ClusterName,
        statement: &'static str,
        action: &str,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let changed = sqlx::query(statement).bind(name.as_str()).execute(&mut transaction).await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        let entry =
            AuditEntry { action, client_id: None, subject: name.as_str(), detail: json!({}) };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Returns the clusters with their passwords, by name.
    pub async fn clusters(&self, sealer: &Sealer) -> Result<Vec<Cluster>, ControlPlaneError> {
        self.cluster_rows().await?.into_iter().map(|row| open_cluster(sealer, row)).collect()
    }

    /// Registers a cluster, or changes its address and accounts; `false` when nothing changes.
    pub async fn register_cluster(
        &self,
        sealer: &Sealer,
        cluster: &Cluster,
    ) -> Result<bool, ControlPlaneError> {
        let known = self.cluster_rows().await?;
        let known = known.into_iter().find(|row| row.name == cluster.name.as_str());
        // A cluster whose passwords can no longer be opened is sealed again.
        if known.and_then(|row| open_cluster(sealer, row).ok()).as_ref() == Some(cluster) {
            return Ok(false);
        }
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("cluster/register"))
            .bind(cluster.name.as_str())
            .bind(&cluster.url)
            .bind(&cluster.writer.user)
            .bind(seal_password(sealer, &cluster.name, "writer_password", &cluster.writer)?)
            .bind(&cluster.reader.user)
            .bind(seal_password(sealer, &cluster.name, "reader_password", &cluster.reader)?)
            .execute(&mut transaction)
            .await?;
        let entry = AuditEntry {
            action: "cluster.register",
            client_id: None,
            subject: cluster.name.as_str(),
            detail: json!({ "url": cluster.url }),
        };
        audit::append(&mut transaction, self.context.actor(), &entry).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn cluster_rows(&self) -> Result<Vec<ClusterRow>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows = sqlx::query_as(sql!("cluster/list")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(rows)
    }
}

fn parse_name(name: &str) -> Result<ClusterName, ControlPlaneError> {
    name.parse().map_err(ControlPlaneError::corrupt("cluster name"))
}

fn open_cluster(sealer: &Sealer, row: ClusterRow) -> Result<Cluster, ControlPlaneError> {
    let open = |field, blob: &[u8]| -> Result<Secret, ControlPlaneError> {
        let password = sealer.open(sealed_field(&row.name, field), blob);
        let password = password.map_err(ControlPlaneError::corrupt("cluster password"))?;
        let text = String::from_utf8(password);
        Ok(Secret::new(text.map_err(ControlPlaneError::corrupt("cluster password"))?))
    };
    Ok(Cluster {
        name: parse_name(&row.name)?,
        writer: Account {
            password: open("writer_password", &row.writer_password_sealed)?,
            user: row.writer_user,
        },
        reader: Account {
            password: open("reader_password", &row.reader_password_sealed)?,
            user: row.reader_user,
        },
        url: row.url,
    })
}

fn seal_password(
    sealer: &Sealer,
    cluster: &ClusterName,
    field: &str,
    account: &Account,
) -> Result<Vec<u8>, ControlPlaneError> {
    let password = account.password.expose().as_bytes();
    sealer.seal(sealed_field(cluster.as_str(), field), password).map_err(ControlPlaneError::Seal)
}

/// Returns what a password of a cluster is sealed for.
pub(super) fn sealed_field<'a>(cluster: &'a str, field: &'a str) -> SealedField<'a> {
    SealedField { purpose: "cluster", tenant: "", row: cluster, field }
}
