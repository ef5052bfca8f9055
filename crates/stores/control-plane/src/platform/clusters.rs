use auth::{SealedField, Sealer};
use serde_json::json;
use settings::Secret;
use sqlx::FromRow;
use tenancy::ClusterName;

use crate::{AuditEntry, ControlPlaneError, PlatformControl, audit};

/// A ClickHouse server or cluster, with its passwords in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// What placements call it.
    pub name: ClusterName,
    /// Its HTTP address.
    pub url: String,
    /// Inserts, migrates and reads back.
    pub writer: Account,
    /// Answers reports, under row policies.
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

#[derive(FromRow)]
struct ClusterRow {
    name: String,
    url: String,
    writer_user: String,
    writer_password_sealed: Vec<u8>,
    reader_user: String,
    reader_password_sealed: Vec<u8>,
}

impl PlatformControl {
    /// The names of the clusters, in order.
    pub async fn cluster_names(&self) -> Result<Vec<ClusterName>, ControlPlaneError> {
        self.cluster_rows().await?.iter().map(|row| parse_name(&row.name)).collect()
    }

    /// The clusters by name, their passwords opened.
    pub async fn clusters(&self, sealer: &Sealer) -> Result<Vec<Cluster>, ControlPlaneError> {
        self.cluster_rows().await?.into_iter().map(|row| unsealed(sealer, row)).collect()
    }

    /// Makes a cluster known, or changes its address and accounts; `false` when it was known like
    /// this already.
    pub async fn register_cluster(
        &self,
        sealer: &Sealer,
        cluster: &Cluster,
    ) -> Result<bool, ControlPlaneError> {
        let known = self.cluster_rows().await?;
        let known = known.into_iter().find(|row| row.name == cluster.name.as_str());
        // What cannot be opened any more is sealed anew.
        if known.and_then(|row| unsealed(sealer, row).ok()).as_ref() == Some(cluster) {
            return Ok(false);
        }
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("cluster/register"))
            .bind(cluster.name.as_str())
            .bind(&cluster.url)
            .bind(&cluster.writer.user)
            .bind(sealed(sealer, &cluster.name, "writer_password", &cluster.writer)?)
            .bind(&cluster.reader.user)
            .bind(sealed(sealer, &cluster.name, "reader_password", &cluster.reader)?)
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

fn unsealed(sealer: &Sealer, row: ClusterRow) -> Result<Cluster, ControlPlaneError> {
    let open = |field, blob: &[u8]| -> Result<Secret, ControlPlaneError> {
        let password = sealer.open(place(&row.name, field), blob);
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

fn sealed(
    sealer: &Sealer,
    cluster: &ClusterName,
    field: &str,
    account: &Account,
) -> Result<Vec<u8>, ControlPlaneError> {
    let password = account.password.expose().as_bytes();
    sealer.seal(place(cluster.as_str(), field), password).map_err(ControlPlaneError::Seal)
}

fn place<'a>(cluster: &'a str, field: &'a str) -> SealedField<'a> {
    SealedField { purpose: "cluster", tenant: "", row: cluster, field }
}
