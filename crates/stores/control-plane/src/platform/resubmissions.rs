use chrono::{DateTime, Utc};
use tenancy::ClientId;

use crate::{ControlPlaneError, PlatformControl};

impl PlatformControl {
    /// Deletes a tenant's resubmissions from before `horizon`, once rejects of that time have
    /// expired. The audit log does not record this housekeeping.
    pub async fn prune_resubmissions(
        &self,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let pruned = sqlx::query(sql!("resubmission/prune"))
            .bind(client_id.as_str())
            .bind(horizon)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(pruned.rows_affected())
    }
}
