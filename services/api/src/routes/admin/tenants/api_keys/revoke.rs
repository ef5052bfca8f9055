use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ApiKeyId, ManageTenants};
use problem::Problem;
use tenancy::ClientId;
use web::{Error, Platform};

use crate::{failure::Failure, schemas, state::Api};

/// Refuses a tenant's `collect` or `import` key, and the tokens made from it, from now on; within
/// five seconds everywhere.
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
        (status = 204, description = "The key is refused from now on"),
        (status = 404, description = "There is no such key in use that writes"),
    ),
)]
pub(crate) async fn revoke(
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
