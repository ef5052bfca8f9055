use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    names::{DisplayName, Email},
    schemas,
};

/// What a tenant should have: the body of `POST /v1/admin/tenants`, and a file of `tenants/`.
// Texts are taken as they are: `TenantOrder` parses them, so that all that is wrong is said at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    pub id: String,
    /// The name people know the tenant by.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// How far its data is kept apart.
    #[schema(value_type = schemas::IsolationTier)]
    pub isolation: String,
    /// The ClickHouse cluster.
    #[schema(value_type = schemas::Slug)]
    pub cluster: String,
    /// The IANA zone its days begin in.
    #[schema(example = "Europe/Warsaw")]
    pub time_zone: String,
    /// The currency of amounts sent without one.
    #[schema(value_type = schemas::Currency)]
    pub currency: String,
    /// Origins whose pages may read the tenant's answers (CORS). Left out: none, or those that are;
    /// an empty list takes all away.
    #[schema(value_type = Option<Vec<schemas::Origin>>, max_items = 50)]
    pub origins: Option<Vec<String>>,
    /// How long raw events are kept, in days. Left out: 730, or what it is.
    #[schema(minimum = 1, maximum = 36_500)]
    pub retention_days: Option<u32>,
    /// What the tenant may use. What is left out has a default, or stays as it is.
    #[serde(default)]
    pub limits: LimitsFile,
    /// Brands that run campaigns.
    #[serde(default)]
    pub advertisers: Vec<AdvertiserFile>,
    /// Campaigns known before their first event.
    #[serde(default)]
    pub campaigns: Vec<CampaignFile>,
    /// People to invite.
    #[serde(default)]
    pub users: Vec<UserFile>,
    /// Keys to make.
    #[serde(default)]
    pub keys: Vec<KeyFile>,
}

/// What a tenant may use.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    /// Events accepted per second, averaged over ten seconds.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub events_per_second: Option<u32>,
    /// Report queries running at once.
    #[schema(minimum = 1, maximum = 65_535)]
    pub concurrent_queries: Option<u16>,
    /// Open live streams.
    #[schema(maximum = 65_535)]
    pub live_streams: Option<u16>,
    /// Log partitions the tenant's events spread over.
    #[schema(minimum = 1, maximum = 65_535)]
    pub partition_spread: Option<u16>,
}

/// A brand that runs campaigns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvertiserFile {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    pub id: String,
    /// The name people know it by.
    #[schema(value_type = DisplayName)]
    pub name: String,
}

/// A campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// Its id, as events carry it.
    #[schema(value_type = schemas::CampaignId)]
    pub id: String,
    /// The name people know it by.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// The id of an advertiser. Left out: nobody's, or whose it is.
    #[schema(value_type = Option<schemas::Slug>)]
    pub advertiser: Option<String>,
}

/// Somebody to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// The address to log in with.
    #[schema(value_type = Email)]
    pub email: String,
    /// What the user may do.
    #[schema(value_type = schemas::UserRole)]
    pub role: String,
    /// The id of an advertiser, for the role `advertiser` only.
    #[schema(value_type = Option<schemas::Slug>)]
    pub advertiser: Option<String>,
}

/// A key to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Tells the tenant's keys apart.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// What it is for.
    #[schema(value_type = schemas::ApiKeyKind)]
    pub kind: String,
    /// The campaigns a `read` key is limited to. Left out: all.
    #[schema(value_type = Option<Vec<schemas::CampaignId>>)]
    pub campaigns: Option<Vec<String>>,
}
