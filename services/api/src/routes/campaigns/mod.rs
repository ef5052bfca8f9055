//! `/v1/campaigns`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::{AdvertiserId, CampaignId};
use utoipa::ToSchema;

use crate::schemas;

pub(crate) mod change;
pub(crate) mod list;
pub(crate) mod metrics;
pub(crate) mod show;

/// A campaign.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Campaign {
    /// Its id, as events name it.
    #[schema(value_type = schemas::CampaignId)]
    id: CampaignId,
    /// The display name; the id until it is named.
    name: String,
    /// The advertiser; `null` until the owner assigns one.
    #[schema(value_type = Option<schemas::Slug>)]
    advertiser_id: Option<AdvertiserId>,
    /// When its first event was received; `null` for a campaign that is only declared.
    first_seen: Option<DateTime<Utc>>,
}

impl From<control_plane::Campaign> for Campaign {
    fn from(campaign: control_plane::Campaign) -> Self {
        let control_plane::Campaign { campaign_id: id, name, advertiser_id, first_seen } = campaign;
        Self { id, name, advertiser_id, first_seen }
    }
}
