use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ApiKeyId, ManageTenants};
use problem::Problem;
use tenancy::ClientId;
use web::{Error, Platform};

use crate::{failure::Failure, schemas, state::Api};

/// Revokes a tenant's `collect` or `import` key and the tokens issued for it, within five seconds.
#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{id}/api-keys/{key_id}",
    tag = "admin",
    operation_id = "revoke_tenant_api_key",
    params(
        ("id" = schemas::Slug, Path, description = "The tenant"),
        ("key_id" = schemas::ApiKeyId, Path, description = "The public part of the key"),
    ),
    responses(
        (status = 204, description = "The key is revoked"),
        (status = 404, description = "The key does not exist, is revoked, or is a `read` key"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    ids: Path<(ClientId, ApiKeyId)>,
) -> Result<HttpResponse, Error> {
    let (id, key_id) = ids.into_inner();
    let stored = api.control_plane.for_platform(platform.context());
    match stored.revoke_writing_key(&id, &key_id).await.map_err(Failure::from)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::not_found().into()),
    }
}
