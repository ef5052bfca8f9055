//! `/v1/me/sessions`.

use auth::StoredSession;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::pagination::Listing;

pub(crate) mod end;
pub(crate) mod end_others;
pub(crate) mod list;

/// A session of a user: a login, and the refreshes that continue it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UserSession {
    /// Its id.
    id: Uuid,
    /// Whether this request belongs to it.
    current: bool,
    /// When the user logged in.
    created_at: DateTime<Utc>,
    /// When it was last continued by a refresh; `null` if it was not yet.
    last_used_at: Option<DateTime<Utc>>,
    /// When it ends unless it is continued.
    expires_at: DateTime<Utc>,
    /// When it ends, however often it is continued.
    ends_at: DateTime<Utc>,
    /// The address of the login.
    address: Option<String>,
    /// What the client called itself at the login.
    user_agent: Option<String>,
    /// When a spent refresh token was used again: somebody has a copy of it, so the session has ended.
    /// `null` for a session that has not ended.
    reused_at: Option<DateTime<Utc>>,
}

/// Returns sessions as an answer lists them, to a request that belongs to `current`.
pub(crate) fn listing(sessions: Vec<StoredSession>, current: Option<Uuid>) -> Listing<UserSession> {
    let shown = |session: StoredSession| UserSession {
        id: session.id,
        current: current == Some(session.id),
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        ends_at: session.ends_at,
        address: session.address,
        user_agent: session.user_agent,
        reused_at: session.reused_at,
    };
    Listing { data: sessions.into_iter().map(shown).collect(), next_cursor: None }
}
