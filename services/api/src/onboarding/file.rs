use serde::Deserialize;
use utoipa::ToSchema;

/// What a tenant should have: the body of `POST /v1/admin/tenants`, and a file of `tenants/`.
// Texts are taken as they are: `TenantOrder` parses them, so that all that is wrong is said at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// A slug that never changes: `a-z`, `0-9` and inner `-`, up to 40 characters.
    #[schema(example = "acme")]
    pub id: String,
    /// The name people know the tenant by.
    #[schema(example = "Acme Retail")]
    pub name: String,
    /// `shared`, `schema` or `dedicated`.
    #[schema(example = "shared")]
    pub isolation: String,
    /// The ClickHouse cluster.
    #[schema(example = "shared")]
    pub cluster: String,
    /// The IANA zone its days begin in.
    #[schema(example = "Europe/Warsaw")]
    pub time_zone: String,
    /// The ISO 4217 currency of amounts sent without one.
    #[schema(example = "EUR")]
    pub currency: String,
    /// Origins whose pages may read the tenant's answers (CORS): `scheme://host[:port]`, at most 50.
    /// Left out: none, or those that are; an empty list takes all away.
    #[schema(example = json!(["https://console.acme.example"]))]
    pub origins: Option<Vec<String>>,
    /// How long raw events are kept, in days. Left out: 730, or what it is.
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
    pub events_per_second: Option<u32>,
    /// Report queries running at once.
    pub concurrent_queries: Option<u16>,
    /// Open live streams.
    pub live_streams: Option<u16>,
    /// Log partitions the tenant's events spread over.
    pub partition_spread: Option<u16>,
}

/// A brand that runs campaigns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvertiserFile {
    /// A slug.
    #[schema(example = "nova")]
    pub id: String,
    /// The name people know it by.
    #[schema(example = "Nova Shoes")]
    pub name: String,
}

/// A campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// A slug, as events carry it.
    #[schema(example = "spring-sale")]
    pub id: String,
    /// The name people know it by.
    #[schema(example = "Spring sale")]
    pub name: String,
    /// The id of an advertiser. Left out: nobody's, or whose it is.
    #[schema(example = "nova")]
    pub advertiser: Option<String>,
}

/// Somebody to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// The address to log in with.
    #[schema(example = "owner@acme.example")]
    pub email: String,
    /// `owner`, `analyst` or `advertiser`.
    #[schema(example = "owner")]
    pub role: String,
    /// The id of an advertiser, for the role `advertiser` only.
    pub advertiser: Option<String>,
}

/// A key to make.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// Tells the tenant's keys apart.
    #[schema(example = "web shop")]
    pub name: String,
    /// `collect`, `import` or `read`.
    #[schema(example = "collect")]
    pub kind: String,
    /// The campaigns a `read` key is limited to. Left out: all.
    pub campaigns: Option<Vec<String>>,
}
