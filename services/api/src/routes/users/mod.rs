//! `/v1/users`, for owners.

use auth::Role;
use serde::Serialize;
use tenancy::AdvertiserId;
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) mod create;
pub(crate) mod disable;
pub(crate) mod list;

/// Somebody who can log in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct User {
    /// The id tokens carry.
    id: Uuid,
    /// The address to log in with.
    email: String,
    /// `owner`, `analyst` or `advertiser`.
    #[schema(value_type = String, example = "analyst")]
    role: Role,
    /// Whose campaigns an `advertiser` sees.
    #[schema(value_type = Option<String>)]
    advertiser_id: Option<AdvertiserId>,
    /// Whether logins are refused.
    disabled: bool,
}

impl From<control_plane::User> for User {
    fn from(user: control_plane::User) -> Self {
        let control_plane::User { user_id: id, email, role, advertiser_id, disabled } = user;
        Self { id, email, role, advertiser_id, disabled }
    }
}
