//! `/v1/advertisers`, for owners.

use serde::Serialize;
use tenancy::AdvertiserId;
use utoipa::ToSchema;

pub(crate) mod list;
pub(crate) mod put;

/// A brand that runs campaigns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Advertiser {
    /// Its id.
    #[schema(value_type = String, example = "nova")]
    id: AdvertiserId,
    /// The name people know it by.
    #[schema(example = "Nova Shoes")]
    name: String,
}

impl From<control_plane::Advertiser> for Advertiser {
    fn from(advertiser: control_plane::Advertiser) -> Self {
        Self { id: advertiser.advertiser_id, name: advertiser.name }
    }
}
