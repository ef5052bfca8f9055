//! `/v1/security`, for owners.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(crate) mod put;
pub(crate) mod show;

/// What the tenant requires of its users.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Security {
    /// Whether owners log in only with a second factor.
    owners_need_second_factor: bool,
}
