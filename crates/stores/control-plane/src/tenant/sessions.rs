use auth::{EndedSessions, StoredSession};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::users;
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, credentials::sessions};

impl TenantControl {
    /// Returns the sessions of a user of the tenant that have not ended at `now`, and those that ended
    /// because a spent refresh token was used again, latest first; `None` when the tenant has no such
    /// user.
    pub async fn user_sessions(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<StoredSession>>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        if users::find(&mut transaction, self.client_id(), user_id).await?.is_none() {
            return Ok(None);
        }
        let listed = sessions::list(&mut transaction, Some(self.client_id()), user_id, now).await?;
        transaction.commit().await?;
        Ok(Some(listed))
    }

    /// Ends sessions of a user of the tenant. Returns how many it ended.
    pub async fn end_user_sessions(
        &self,
        actor: &str,
        user_id: Uuid,
        which: EndedSessions,
        now: DateTime<Utc>,
    ) -> Result<u64, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let client_id = Some(self.client_id());
        let ended = sessions::end(&mut transaction, client_id, user_id, which, now).await?;
        if ended > 0 {
            let entry = AuditEntry {
                action: "session.end",
                client_id,
                subject: &format!("user:{user_id}"),
                detail: json!({ "sessions": ended }),
            };
            audit::append(&mut transaction, actor, &entry).await?;
        }
        transaction.commit().await?;
        Ok(ended)
    }
}
