use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use tenancy::ClientId;

use crate::{ControlPlane, ControlPlaneError, Group, TenantControl};

/// How far a tenant's events are stored in ClickHouse, and which version of them it is. Both are of one
/// moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataState {
    /// Everything that the log received before this time is stored.
    pub as_of: DateTime<Utc>,
    /// Rises when stored events of a finished time change. What was read under a version, after it was,
    /// holds as long as it is the version.
    pub version: u64,
}

/// From when on a tenant's events are known, by the time at which the log received them; `None`: all are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct Retained {
    /// The rows.
    pub of_rows: Option<DateTime<Utc>>,
    /// The rollups.
    pub of_rollups: Option<DateTime<Utc>>,
}

impl ControlPlane {
    /// Raises the versions of tenants' data. Call it when late events of theirs are visible in ClickHouse,
    /// and before their batch is marked. Repeating it does no harm.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn raise_data_versions(
        &self,
        tenants: &BTreeSet<ClientId>,
    ) -> Result<(), ControlPlaneError> {
        let tenants: Vec<_> = tenants.iter().map(ClientId::as_str).collect();
        let mut transaction = self.begin_platform().await?;
        sqlx::query(sql!("data_version/raise")).bind(tenants).execute(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }

    /// Raises the versions of all tenants' data, after a repair has changed rows.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn raise_all_data_versions(&self) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin_platform().await?;
        sqlx::query(sql!("data_version/raise_all")).execute(&mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

impl TenantControl {
    /// Returns the state of the tenant's data from `topic`; `None` while a partition has stored nothing.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn data_state(&self, topic: &str) -> Result<Option<DataState>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<(DateTime<Utc>, i64)> = sqlx::query_as(sql!("data_version/state"))
            .bind(self.client_id().as_str())
            .bind(Group::Store.as_str())
            .bind(topic)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(row.map(|(as_of, version)| DataState { as_of, version: version.cast_unsigned() }))
    }

    /// Returns from when on the tenant's events are known. While the tenant is younger than a retention,
    /// nothing has expired.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn retained(&self) -> Result<Retained, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let retained: Option<Retained> = sqlx::query_as(sql!("tenant/retained_from"))
            .bind(self.client_id().as_str())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(retained.unwrap_or_default())
    }
}
