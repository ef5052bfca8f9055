use actix_web::{HttpResponse, web::Data};
use auth::{KeyKind, ManageApiKeys};
use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, NewApiKey};
use problem::Problem;
use serde::{Deserialize, Serialize};
use tenancy::CampaignId;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::{ApiKey, check_campaigns};
use crate::{failure::Failure, names::DisplayName, schemas, state::Api};

/// A key to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApiKeyOrder {
    /// The name, unique among the tenant's keys in use.
    name: DisplayName,
    /// The purpose.
    #[schema(value_type = schemas::ApiKeyKind)]
    pub(crate) kind: KeyKind,
    /// The campaigns that a `read` key is limited to. Default: all.
    #[schema(value_type = Option<Vec<schemas::CampaignId>>)]
    campaigns: Option<Vec<CampaignId>>,
    /// When it expires (RFC 3339), in the future. Default: never. Tokens issued for it expire with it.
    expires_at: Option<DateTime<Utc>>,
}

/// A new key, with its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    pub(super) about: ApiKey,
    /// The whole key. It is shown only in this answer.
    #[schema(value_type = schemas::ApiKeySecret)]
    pub(super) key: String,
}

/// Creates an API key. Only this answer contains its secret.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "api keys",
    operation_id = "create_api_key",
    request_body = ApiKeyOrder,
    responses(
        (status = 201, description = "The key", body = NewKey),
        (status = 409, description = "A key in use has this name"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageApiKeys>,
    api: Data<Api>,
    Body(order): Body<ApiKeyOrder>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let keys = api.control_plane.for_tenant(tenant.context());
    let made = create(order, async |key, end| keys.create_api_key(&actor, key, end).await).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Creates the key that an order describes; `store` stores it, with its expiry.
pub(crate) async fn create(
    order: ApiKeyOrder,
    store: impl AsyncFnOnce(&NewApiKey, Option<DateTime<Utc>>) -> Result<(), ControlPlaneError>,
) -> Result<NewKey, Failure> {
    if order.campaigns.is_some() && order.kind != KeyKind::Read {
        let reason = "must be absent: only a `read` key can be limited to campaigns";
        return Err(Problem::field("/campaigns", reason).into());
    }
    check_campaigns(order.campaigns.as_deref())?;
    let now = Utc::now();
    if order.expires_at.is_some_and(|end| end <= now) {
        return Err(Problem::field("/expires_at", "must be in the future").into());
    }
    let name = String::from(order.name);
    let key = auth::ApiKey::generate(order.kind)?;
    let new = NewApiKey {
        key_id: key.id().clone(),
        kind: order.kind,
        name: name.clone(),
        secret_hash: key.secret_hash(),
        campaigns: order.campaigns.clone(),
    };
    store(&new, order.expires_at).await?;
    let about = ApiKey {
        id: key.id().to_string(),
        name,
        kind: order.kind,
        campaigns: order.campaigns,
        created_at: now,
        expires_at: order.expires_at,
        revoked_at: None,
        former_valid_until: None,
        last_used_at: None,
    };
    Ok(NewKey { about, key: key.reveal() })
}
