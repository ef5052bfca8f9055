//! `/v1/api-keys`, for owners.

use auth::KeyKind;
use chrono::{DateTime, Utc};
use problem::Problem;
use serde::Serialize;
use tenancy::CampaignId;
use utoipa::ToSchema;

use crate::schemas;

pub(crate) mod change;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
pub(crate) mod rotate;

/// The most bytes of the campaigns of a key together: its tokens name them, and a token has 8 KiB.
const MAX_CAMPAIGN_BYTES: usize = 4_000;

/// An API key, without its secret, which cannot be read again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// The public part of the key.
    #[schema(value_type = schemas::ApiKeyId)]
    id: String,
    /// The name, unique among the tenant's keys in use.
    name: String,
    /// The purpose.
    #[schema(value_type = schemas::ApiKeyKind)]
    kind: KeyKind,
    /// The campaigns that a `read` key is limited to; `null` for all.
    #[schema(value_type = Option<Vec<schemas::CampaignId>>)]
    campaigns: Option<Vec<CampaignId>>,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it expires; `null` for never.
    expires_at: Option<DateTime<Utc>>,
    /// When it was revoked; `null` while it is in use.
    revoked_at: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation is valid; `null` if it was not rotated.
    former_valid_until: Option<DateTime<Utc>>,
    /// When it was last used, to the minute; `null` if it never was.
    last_used_at: Option<DateTime<Utc>>,
}

/// Checks that a token holds the campaigns of a key.
fn check_campaigns(campaigns: Option<&[CampaignId]>) -> Result<(), Problem> {
    let bytes: usize = campaigns.unwrap_or_default().iter().map(|id| id.as_str().len()).sum();
    if bytes <= MAX_CAMPAIGN_BYTES {
        return Ok(());
    }
    let reason = format!("must have at most {MAX_CAMPAIGN_BYTES} bytes together");
    Err(Problem::field("/campaigns", reason))
}

impl From<control_plane::ApiKey> for ApiKey {
    fn from(key: control_plane::ApiKey) -> Self {
        let control_plane::ApiKey {
            key_id: id,
            kind,
            name,
            campaigns,
            created_at,
            expires_at,
            revoked_at,
            former_valid_until,
            last_used_at,
        } = key;
        Self {
            id,
            name,
            kind,
            campaigns,
            created_at,
            expires_at,
            revoked_at,
            former_valid_until,
            last_used_at,
        }
    }
}
