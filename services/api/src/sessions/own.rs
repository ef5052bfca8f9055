use auth::{EndedSessions, Principal, StoredSession, Subject};
use chrono::{DateTime, Utc};
use problem::Problem;
use uuid::Uuid;

use super::Sessions;
use crate::failure::Failure;

impl Sessions {
    /// Returns a user's own sessions.
    pub(crate) async fn own(
        &self,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Vec<StoredSession>, Failure> {
        Ok(self.store.sessions(user_id, now).await?)
    }

    /// Ends sessions of the user of `principal`. Returns how many it ended.
    pub(crate) async fn end_own(
        &self,
        principal: &Principal,
        which: EndedSessions,
        now: DateTime<Utc>,
    ) -> Result<u64, Failure> {
        let user_id = user(principal)?;
        let ended = self.store.end_sessions(user_id, which, now).await?;
        if ended > 0 {
            let client_id = principal.client_id.as_ref();
            self.record("session.end", Subject::User(user_id), client_id, now).await?;
        }
        Ok(ended)
    }
}

/// Returns the user of a credential that may manage its own account.
pub(crate) fn user(principal: &Principal) -> Result<Uuid, Problem> {
    match principal.subject {
        Subject::User(id) => Ok(id),
        Subject::Key(_) => Err(Problem::internal("a key has no account")),
    }
}
