//! `/v1/advertisers`, for owners.

use serde::Serialize;
use tenancy::AdvertiserId;
use utoipa::ToSchema;

use crate::schemas;

pub(crate) mod list;
pub(crate) mod put;

/// A brand that runs campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Advertiser {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    id: AdvertiserId,
    /// The display name.
    name: String,
}

impl From<control_plane::Advertiser> for Advertiser {
    fn from(advertiser: control_plane::Advertiser) -> Self {
        Self { id: advertiser.advertiser_id, name: advertiser.name }
    }
}
