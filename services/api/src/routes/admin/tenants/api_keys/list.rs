use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use tenancy::ClientId;
use web::{Error, Platform};

use crate::{
    failure::Failure,
    pagination::Listing,
    routes::{admin::tenants::existing, api_keys::ApiKey},
    schemas,
    state::Api,
};

/// Lists a tenant's `collect` and `import` keys, by name, including revoked keys. Its owner manages
/// the `read` keys.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{id}/api-keys",
    tag = "admin",
    operation_id = "list_tenant_api_keys",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The keys", body = Listing<ApiKey>),
        (status = 404, description = "The tenant does not exist"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let keys = stored.writing_keys(&id).await.map_err(Failure::from)?;
    let data: Vec<_> = keys.into_iter().map(ApiKey::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
