use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ApiKeyId, ManageApiKeys};
use chrono::{DateTime, Utc};
use control_plane::ApiKeyChange;
use problem::Problem;
use serde::Deserialize;
use tenancy::CampaignId;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::{ApiKey, check_campaigns};
use crate::{failure::in_field, names::DisplayName, present::present, schemas, state::Api};

/// What to change of a key; absent fields remain.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyChangeOrder {
    /// The name, unique among the tenant's keys in use.
    name: Option<DisplayName>,
    /// The campaigns that a `read` key is limited to; `null` for all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<schemas::CampaignId>>)]
    campaigns: Option<Option<Vec<CampaignId>>>,
    /// When it expires (RFC 3339), in the future; `null` for never.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    expires_at: Option<Option<DateTime<Utc>>>,
}

/// Renames a key, limits it to other campaigns, or gives it another expiry.
///
/// Within five seconds it counts everywhere. If the campaigns change, the tokens that were issued for the
/// key and its live streams end.
#[utoipa::path(
    patch,
    path = "/v1/api-keys/{id}",
    tag = "api keys",
    operation_id = "change_api_key",
    params(("id" = schemas::ApiKeyId, Path, description = "The public part of the key")),
    request_body = ApiKeyChangeOrder,
    responses(
        (status = 200, description = "The changed key", body = ApiKey),
        (status = 404, description = "The key does not exist, or is revoked"),
        (status = 409, description = "Another key in use has this name"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageApiKeys>,
    api: Data<Api>,
    id: Path<ApiKeyId>,
    Body(order): Body<ApiKeyChangeOrder>,
) -> Result<HttpResponse, Error> {
    let ApiKeyChangeOrder { name, campaigns, expires_at } = order;
    if expires_at.flatten().is_some_and(|end| end <= Utc::now()) {
        return Err(Problem::field("/expires_at", "must be in the future").into());
    }
    check_campaigns(campaigns.as_ref().and_then(|listed| listed.as_deref()))?;
    let change = ApiKeyChange { name: name.map(String::from), campaigns, expires_at };
    let actor = tenant.principal().subject.to_string();
    let keys = api.control_plane.for_tenant(tenant.context());
    let changed = keys.change_api_key(&actor, &id, &change).await;
    let reason = "must be absent or null: only a `read` key can be limited to campaigns";
    let key = changed.map_err(in_field("/campaigns", reason))?.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(ApiKey::from(key)))
}
