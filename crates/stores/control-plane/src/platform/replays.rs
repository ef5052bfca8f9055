use chrono::{DateTime, Utc};
use tenancy::ClientId;

use crate::{ControlPlaneError, PlatformControl};

impl PlatformControl {
    /// Forgets what a tenant replayed before `horizon`, once rejects of that time are no longer
    /// kept. Housekeeping: the audit log does not tell of it.
    pub async fn prune_replays(
        &self,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
    ) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let pruned = sqlx::query(sql!("replay/prune"))
            .bind(client_id.as_str())
            .bind(horizon)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(pruned.rows_affected())
    }
}
