use actix_web::HttpResponse;
use auth::{Action, CampaignScope, ReadReports, Subject};
use chrono::{DateTime, Utc};
use money::Currency;
use serde::Serialize;
use tenancy::{AdvertiserId, CampaignId, ClientId};
use utoipa::ToSchema;
use web::Tenant;

/// Who a credential belongs to, and what it may do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    /// `user:<id>` or `key:<id>`.
    #[schema(value_type = String, example = "user:0198c5f4-8a6e-7cc0-9f60-2f5d0f6a2f10")]
    subject: Subject,
    /// The role of the user, or the kind of the key.
    #[schema(example = "analyst")]
    role: &'static str,
    /// What the credential may do, sorted.
    #[schema(value_type = Vec<String>, example = json!(["read_campaigns", "read_reports"]))]
    permissions: Vec<&'static str>,
    tenant: MyTenant,
    /// The advertiser whose campaigns it may see; `null` if it is not limited to one.
    #[schema(value_type = Option<String>)]
    advertiser: Option<AdvertiserId>,
    /// The campaigns that it may see; `null` if it is not limited to some.
    #[schema(value_type = Option<Vec<String>>)]
    campaigns: Option<Vec<CampaignId>>,
    /// When the credential expires; `null` for a key that does not.
    expires_at: Option<DateTime<Utc>>,
}

/// The tenant of a credential.
#[derive(Serialize, ToSchema)]
pub(crate) struct MyTenant {
    /// Its id.
    #[schema(value_type = String, example = "northwind")]
    id: ClientId,
    /// The time zone of its days.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
    /// Its currency.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
}

/// Returns who the credential belongs to, and what it may do.
#[utoipa::path(
    get,
    path = "/v1/me",
    tag = "sessions",
    operation_id = "me",
    responses((status = 200, description = "The owner of the credential", body = Me)),
)]
pub(crate) async fn handle(tenant: Tenant<ReadReports>) -> HttpResponse {
    let principal = tenant.principal();
    let context = tenant.context();
    let allowed = Action::ALL.iter().filter(|action| principal.authority.may(**action));
    let mut permissions: Vec<_> = allowed.map(|action| action.as_str()).collect();
    permissions.sort_unstable();
    let (advertiser, campaigns) = match tenant.campaigns() {
        CampaignScope::All => (None, None),
        CampaignScope::Advertiser(own) => (Some(own.clone()), None),
        CampaignScope::Campaigns(listed) => (None, Some(listed.clone())),
    };
    HttpResponse::Ok().json(Me {
        subject: principal.subject.clone(),
        role: principal.authority.as_str(),
        permissions,
        tenant: MyTenant {
            id: context.client_id().clone(),
            time_zone: context.time_zone().name(),
            currency: context.currency(),
        },
        advertiser,
        campaigns,
        expires_at: principal.expires_at,
    })
}
