//! One-time links by which people set their first password, so that nobody else ever knows it.

use auth::{InvitationToken, RandomError};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::NewInvitation;
use serde::Serialize;
use utoipa::ToSchema;

/// How long an invitation may be accepted.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// An invitation that was just made: to hand on to whom it is for, by a way that nobody else reads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// What the invited person sends to `POST /v1/auth/invitations/accept` as `token`, with the
    /// `password` they choose. It works once, and is shown this once.
    #[schema(example = "ffi_…")]
    token: String,
    /// Until when it may be accepted.
    expires_at: DateTime<Utc>,
}

impl Invitation {
    pub(crate) fn new(token: &InvitationToken, expires_at: DateTime<Utc>) -> Self {
        Self { token: token.reveal(), expires_at }
    }
}

/// A new token, good for seven days from `now`, and what is kept of it.
pub(crate) fn generate(
    now: DateTime<Utc>,
) -> Result<(InvitationToken, NewInvitation), RandomError> {
    let token = InvitationToken::generate()?;
    let kept = NewInvitation { token_hash: token.hash(), expires_at: now + LIFETIME };
    Ok((token, kept))
}
