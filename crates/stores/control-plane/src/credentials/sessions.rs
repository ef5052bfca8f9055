use auth::{EndedSessions, StoredSession};
use chrono::{DateTime, Utc};
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlaneError, pool::Transaction};

#[derive(FromRow)]
struct SessionRow {
    family_id: Uuid,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    expires_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    address: Option<String>,
    user_agent: Option<String>,
    reused_at: Option<DateTime<Utc>>,
}

impl From<SessionRow> for StoredSession {
    fn from(row: SessionRow) -> Self {
        Self {
            id: row.family_id,
            created_at: row.created_at,
            last_used_at: row.last_used_at,
            expires_at: row.expires_at.min(row.ends_at),
            ends_at: row.ends_at,
            address: row.address,
            user_agent: row.user_agent,
            reused_at: row.reused_at,
        }
    }
}

/// Returns a user's sessions, of one tenant if it is given.
pub(crate) async fn list(
    transaction: &mut Transaction,
    client_id: Option<&ClientId>,
    user_id: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<StoredSession>, ControlPlaneError> {
    let rows: Vec<SessionRow> = sqlx::query_as(sql!("refresh_family/list"))
        .bind(user_id)
        .bind(client_id.map(ClientId::as_str))
        .bind(now)
        .fetch_all(transaction)
        .await?;
    Ok(rows.into_iter().map(StoredSession::from).collect())
}

/// Ends a user's sessions, of one tenant if it is given. Returns how many.
pub(crate) async fn end(
    transaction: &mut Transaction,
    client_id: Option<&ClientId>,
    user_id: Uuid,
    which: EndedSessions,
    now: DateTime<Utc>,
) -> Result<u64, ControlPlaneError> {
    let (one, kept) = match which {
        EndedSessions::One(session) => (Some(session), None),
        EndedSessions::AllExcept(session) => (None, session),
    };
    let ended = sqlx::query(sql!("refresh_family/end"))
        .bind(user_id)
        .bind(client_id.map(ClientId::as_str))
        .bind(now)
        .bind(one)
        .bind(kept)
        .execute(transaction)
        .await?;
    Ok(ended.rows_affected())
}
