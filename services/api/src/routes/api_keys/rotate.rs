use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ApiKeyId, ManageApiKeys};
use chrono::{TimeDelta, Utc};
use problem::Problem;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, Tenant};

use super::{ApiKey, create::NewKey};
use crate::{failure::Failure, schemas, state::Api};

/// The longest overlap of two secrets, in seconds: 30 days.
const MAX_OVERLAP: u32 = 30 * 86_400;

/// How a key rotates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rotation {
    /// How long the former secret remains valid, in seconds: time to replace it where it is used. 0 ends
    /// it at once, with the tokens that were issued for it.
    #[serde(default = "a_day")]
    #[schema(default = 86400, minimum = 0, maximum = 2592000)]
    overlap_seconds: u32,
}

fn a_day() -> u32 {
    86_400
}

/// Gives a key another secret. Only this answer contains it.
///
/// The key keeps its id, name, campaigns and expiry. For a while both secrets are valid. A secret from
/// an earlier rotation is no longer valid.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{id}/rotation",
    tag = "api keys",
    operation_id = "rotate_api_key",
    params(("id" = schemas::ApiKeyId, Path, description = "The public part of the key")),
    request_body = Rotation,
    responses(
        (status = 201, description = "The key with another secret", body = NewKey),
        (status = 404, description = "The key does not exist, or is revoked"),
        (status = 422, description = "The overlap is too long"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageApiKeys>,
    api: Data<Api>,
    id: Path<ApiKeyId>,
    Body(rotation): Body<Rotation>,
) -> Result<HttpResponse, Error> {
    if rotation.overlap_seconds > MAX_OVERLAP {
        let reason = format!("must be 0 to {MAX_OVERLAP}");
        return Err(Problem::field("/overlap_seconds", reason).into());
    }
    let keys = api.control_plane.for_tenant(tenant.context());
    let found = keys.api_key(&id).await.map_err(Failure::from)?;
    let kind = found.ok_or_else(Problem::not_found)?.kind;
    let key = auth::ApiKey::with_new_secret(kind, id.into_inner()).map_err(Failure::from)?;
    let actor = tenant.principal().subject.to_string();
    let now = Utc::now();
    let former_valid_until = now + TimeDelta::seconds(rotation.overlap_seconds.into());
    let rotated =
        keys.rotate_api_key(&actor, key.id(), &key.secret_hash(), former_valid_until, now).await;
    let rotated = rotated.map_err(Failure::from)?.ok_or_else(Problem::not_found)?;
    let about = ApiKey::from(rotated);
    Ok(HttpResponse::Created().json(NewKey { about, key: key.reveal() }))
}
