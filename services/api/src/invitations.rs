//! One-time links by which people set their first password, so that nobody else ever knows it.

use auth::{InvitationToken, RandomError};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ControlPlaneError, NewInvitation};
use problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{failure::Failure, schemas};

/// How long an invitation may be accepted.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// An invitation that was just made: to hand on to whom it is for, by a way that nobody else reads.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// What the invited person sends to `POST /v1/auth/invitations/accept` as `token`, with the
    /// `password` they choose. It works once, and is shown this once.
    #[schema(value_type = schemas::InvitationToken)]
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

/// A new invitation in place of a user's; `keep` writes it down, and says whether anybody is invited.
pub(crate) async fn renew(
    now: DateTime<Utc>,
    keep: impl AsyncFnOnce(&NewInvitation) -> Result<bool, ControlPlaneError>,
) -> Result<Invitation, Failure> {
    let (token, kept) = generate(now)?;
    match keep(&kept).await? {
        true => Ok(Invitation::new(&token, kept.expires_at)),
        false => Err(Problem::not_found().into()),
    }
}
