use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ApiKeyId, ManageApiKeys};
use problem::Problem;
use web::{Error, Tenant};

use crate::{failure::Failure, schemas, state::Api};

/// Revokes an API key and the tokens issued for it, within five seconds.
#[utoipa::path(
    delete,
    path = "/v1/api-keys/{id}",
    tag = "api keys",
    operation_id = "revoke_api_key",
    params(("id" = schemas::ApiKeyId, Path, description = "The public part of the key")),
    responses(
        (status = 204, description = "The key is revoked"),
        (status = 404, description = "The key does not exist, or is revoked"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageApiKeys>,
    api: Data<Api>,
    id: Path<ApiKeyId>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let keys = api.control_plane.for_tenant(tenant.context());
    match keys.revoke_api_key(&actor, &id).await.map_err(Failure::from)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::not_found().into()),
    }
}
