//! One-time tokens with which users set a password, the first or one after a reset, so that no other
//! person knows it.

use auth::{InvitationToken, RandomError};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ControlPlaneError, NewInvitation};
use problem::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{failure::Failure, schemas};

/// How long an invitation is valid.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// How long the token of a reset is valid. Its user waits for it, and cannot log in meanwhile.
const RESET_LIFETIME: TimeDelta = TimeDelta::days(1);

/// A new invitation, or a reset of a password. Send it to its user over a private channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// The user sends it to `POST /v1/auth/invitations/accept` as `token`, with the chosen
    /// `password`. It is valid once, and shown only in this answer.
    #[schema(value_type = schemas::InvitationToken)]
    token: String,
    /// When it expires.
    expires_at: DateTime<Utc>,
}

impl Invitation {
    pub(crate) fn new(token: &InvitationToken, expires_at: DateTime<Utc>) -> Self {
        Self { token: token.reveal(), expires_at }
    }
}

/// Generates a token that is valid for seven days from `now`, and the record to store.
pub(crate) fn generate(
    now: DateTime<Utc>,
) -> Result<(InvitationToken, NewInvitation), RandomError> {
    generate_until(now + LIFETIME)
}

fn generate_until(
    expires_at: DateTime<Utc>,
) -> Result<(InvitationToken, NewInvitation), RandomError> {
    let token = InvitationToken::generate()?;
    let stored = NewInvitation { token_hash: token.hash(), expires_at };
    Ok((token, stored))
}

/// Resets the password of a user. `store` stores the token and returns whether the user exists and has
/// joined.
pub(crate) async fn reset(
    now: DateTime<Utc>,
    store: impl AsyncFnOnce(&NewInvitation) -> Result<bool, ControlPlaneError>,
) -> Result<Invitation, Failure> {
    let (token, new) = generate_until(now + RESET_LIFETIME)?;
    match store(&new).await? {
        true => Ok(Invitation::new(&token, new.expires_at)),
        false => Err(Problem::not_found().into()),
    }
}

/// Replaces the invitation of a user. `store` stores it and returns whether the user is invited.
pub(crate) async fn renew(
    now: DateTime<Utc>,
    store: impl AsyncFnOnce(&NewInvitation) -> Result<bool, ControlPlaneError>,
) -> Result<Invitation, Failure> {
    let (token, new) = generate(now)?;
    match store(&new).await? {
        true => Ok(Invitation::new(&token, new.expires_at)),
        false => Err(Problem::not_found().into()),
    }
}
