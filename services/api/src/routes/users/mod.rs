//! `/v1/users`, for owners.

use auth::Role;
use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::AdvertiserId;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::schemas;

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod disable;
pub(crate) mod list;
pub(crate) mod remove_second_factor;
pub(crate) mod renew_invitation;
pub(crate) mod reset_password;
pub(crate) mod revoke_invitation;
pub(crate) mod sessions;

/// A user who can log in, or was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// The id, as in tokens.
    id: Uuid,
    /// The email address for the login.
    email: String,
    /// The role.
    #[schema(value_type = schemas::UserRole)]
    role: Role,
    /// The advertiser whose campaigns the role `advertiser` sees.
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<AdvertiserId>,
    /// Whether logins are refused.
    disabled: bool,
    /// When the invitation, or the reset of the password, expires or expired; `null` after it was
    /// accepted.
    invitation_expires_at: Option<DateTime<Utc>>,
}

impl From<control_plane::User> for User {
    fn from(user: control_plane::User) -> Self {
        let control_plane::User {
            user_id: id,
            email,
            role,
            advertiser_id,
            disabled,
            invitation_expires_at,
        } = user;
        Self { id, email, role, advertiser_id, disabled, invitation_expires_at }
    }
}
