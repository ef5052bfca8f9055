use serde::{Deserialize, Serialize};
use tenancy::OverQuota;
use utoipa::ToSchema;

use crate::{
    names::{DisplayName, Email},
    present::present,
    schemas,
};

/// The description of a tenant: the body of `POST /v1/admin/tenants`, and a file of `tenants/`.
// The fields are plain texts: `TenantOrder` parses them, so that all errors are reported at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    pub id: String,
    /// The display name.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// The isolation of its data.
    #[schema(value_type = schemas::IsolationTier)]
    pub isolation: String,
    /// The ClickHouse cluster.
    #[schema(value_type = schemas::Slug)]
    pub cluster: String,
    /// The IANA time zone of its days.
    #[schema(example = "Europe/Warsaw")]
    pub time_zone: String,
    /// The currency of amounts sent without one.
    #[schema(value_type = schemas::Currency)]
    pub currency: String,
    /// The origins whose pages may read the tenant's answers (CORS). Default: none, or unchanged; an
    /// empty list removes all.
    #[schema(value_type = Option<Vec<schemas::Origin>>, max_items = 50)]
    pub origins: Option<Vec<String>>,
    /// How long raw events are retained, in days. Default: 730, or unchanged.
    #[schema(minimum = 1, maximum = 36_500)]
    pub retention_days: Option<u32>,
    /// How long rollups of events are kept, in days; none are if it is not longer than `retention_days`.
    /// Default: 761, or unchanged.
    #[schema(minimum = 1, maximum = 36_500)]
    pub rollup_retention_days: Option<u32>,
    /// The limits. An absent limit has its default, or remains unchanged.
    #[serde(default)]
    pub limits: LimitsFile,
    /// Brands that run campaigns.
    #[serde(default)]
    pub advertisers: Vec<AdvertiserFile>,
    /// Campaigns known before their first event.
    #[serde(default)]
    pub campaigns: Vec<CampaignFile>,
    /// Properties of events that are dimensions of reports.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub dimensions: Vec<DimensionFile>,
    /// Users to invite.
    #[serde(default)]
    pub users: Vec<UserFile>,
    /// Keys to create.
    #[serde(default)]
    pub keys: Vec<KeyFile>,
}

/// The limits of a tenant.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsFile {
    /// Events accepted per second, averaged over ten seconds.
    #[schema(minimum = 1, maximum = 4_294_967_295_u32)]
    pub events_per_second: Option<u32>,
    /// Report queries that may run at once.
    #[schema(minimum = 1, maximum = 65_535)]
    pub concurrent_queries: Option<u16>,
    /// How long a statement of a report may take, in seconds.
    #[schema(minimum = 1, maximum = 30)]
    pub query_seconds: Option<u16>,
    /// The memory that a statement of a report may take in ClickHouse, in MiB.
    #[schema(minimum = 1, maximum = 1_048_576)]
    pub query_memory_mib: Option<u32>,
    /// The rows that a statement of a report may read.
    #[schema(minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub query_rows: Option<u64>,
    /// Open live streams.
    #[schema(maximum = 65_535)]
    pub live_streams: Option<u16>,
    /// Log partitions over which the tenant's events are spread; if it is left out, one for every
    /// 20,000 events per second. Fixed once the tenant is active.
    #[schema(minimum = 1, maximum = 65_535)]
    pub partition_spread: Option<u16>,
    /// What it may send and ask for over time, beside the events per second.
    #[serde(default)]
    pub quotas: QuotasFile,
}

/// What a tenant may send and ask for over time. What is left out stays, and `null` is the default: of most of
/// them, none. A file has no `null`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuotasFile {
    /// Events accepted per minute.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub events_per_minute: Option<Option<u64>>,
    /// Events accepted per hour.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub events_per_hour: Option<Option<u64>>,
    /// Events accepted per day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub events_per_day: Option<Option<u64>>,
    /// Bytes of events accepted per second, averaged over ten seconds. Default: 4,096 for each event
    /// per second.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub bytes_per_second: Option<Option<u64>>,
    /// Bytes of events accepted per minute.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub bytes_per_minute: Option<Option<u64>>,
    /// Bytes of events accepted per hour.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub bytes_per_hour: Option<Option<u64>>,
    /// Bytes of events accepted per day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub bytes_per_day: Option<Option<u64>>,
    /// Requests to the api per second, averaged over ten seconds.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub requests_per_second: Option<Option<u64>>,
    /// Requests to the api per minute.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub requests_per_minute: Option<Option<u64>>,
    /// Requests to the api per hour.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub requests_per_hour: Option<Option<u64>>,
    /// Requests to the api per day.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub requests_per_day: Option<Option<u64>>,
    /// Rejects stored per day. Those beyond are refused as all others, and not stored.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub rejects_per_day: Option<Option<u64>>,
    /// Different campaigns that events may name per day (UTC). Events of others count for `other`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 10_000_000)]
    pub campaigns_per_day: Option<Option<u64>>,
    /// Different products that events may name per day (UTC). Items of others count for `other`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 10_000_000)]
    pub products_per_day: Option<Option<u64>>,
    /// What happens to events over a quota of an hour or of a day. Default: they are refused.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<OverQuotaChoice>)]
    pub over_quota: Option<Option<OverQuotaChoice>>,
    /// Events parked per day, if they are. Those beyond are refused.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub parked_events_per_day: Option<Option<u64>>,
    /// Bytes of events parked per day, if they are. Those beyond are refused.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<u64>, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    pub parked_bytes_per_day: Option<Option<u64>>,
}

/// What happens to events over a quota of an hour or of a day.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverQuotaChoice {
    /// They are refused.
    Refuse,
    /// They are parked: kept until an owner releases or erases them, or until they expire.
    Park,
}

impl From<OverQuota> for OverQuotaChoice {
    fn from(chosen: OverQuota) -> Self {
        match chosen {
            OverQuota::Refuse => Self::Refuse,
            OverQuota::Park => Self::Park,
        }
    }
}

impl From<OverQuotaChoice> for OverQuota {
    fn from(chosen: OverQuotaChoice) -> Self {
        match chosen {
            OverQuotaChoice::Refuse => Self::Refuse,
            OverQuotaChoice::Park => Self::Park,
        }
    }
}

/// A brand that runs campaigns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvertiserFile {
    /// Its id.
    #[schema(value_type = schemas::Slug)]
    pub id: String,
    /// The display name.
    #[schema(value_type = DisplayName)]
    pub name: String,
}

/// A campaign.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignFile {
    /// Its id, as events name it.
    #[schema(value_type = schemas::CampaignId)]
    pub id: String,
    /// The display name.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// The id of an advertiser. Default: none, or unchanged.
    #[schema(value_type = Option<schemas::Slug>)]
    pub advertiser: Option<String>,
}

/// A property of events that is a dimension of reports.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DimensionFile {
    /// The name of the dimension.
    #[schema(value_type = schemas::DeclaredName)]
    pub name: String,
    /// Where the property is in the event.
    #[schema(value_type = schemas::PropertyPointer)]
    pub pointer: String,
    /// Which of its values count. Default: `string`.
    #[serde(rename = "type")]
    #[schema(value_type = Option<schemas::PropertyType>)]
    pub kind: Option<String>,
}

/// A user to invite.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserFile {
    /// The email address for the login.
    #[schema(value_type = Email)]
    pub email: String,
    /// The role.
    #[schema(value_type = schemas::UserRole)]
    pub role: String,
    /// The id of an advertiser, for the role `advertiser` only.
    #[schema(value_type = Option<schemas::Slug>)]
    pub advertiser: Option<String>,
}

/// A key to create.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The name, unique among the tenant's keys.
    #[schema(value_type = DisplayName)]
    pub name: String,
    /// The purpose.
    #[schema(value_type = schemas::ApiKeyKind)]
    pub kind: String,
    /// The campaigns that a `read` key is limited to. Default: all.
    #[schema(value_type = Option<Vec<schemas::CampaignId>>)]
    pub campaigns: Option<Vec<String>>,
}
