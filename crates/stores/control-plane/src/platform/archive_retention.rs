use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tenancy::ClientId;

use crate::{ControlPlaneError, PlatformControl, person_erasure::client_id as parse_client_id};

impl PlatformControl {
    /// Returns up to when the records of each tenant are erased in the archive: objects whose last record was logged
    /// earlier have none of it. A tenant whose records are all there is not among them.
    pub async fn archive_erased_until(
        &self,
    ) -> Result<BTreeMap<ClientId, DateTime<Utc>>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<(String, DateTime<Utc>)> =
            sqlx::query_as(sql!("archive_retention/list")).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(|(name, until)| Ok((parse_client_id(&name)?, until))).collect()
    }

    /// Records that the records of a tenant are erased up to this time. An earlier time than before changes nothing.
    pub async fn note_archive_erased_until(
        &self,
        client_id: &ClientId,
        until: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        sqlx::query(sql!("archive_retention/put"))
            .bind(client_id.as_str())
            .bind(until)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}
