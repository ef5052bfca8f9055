use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{KeyKind, ManageTenants};
use problem::{Code, Problem};
use tenancy::ClientId;
use web::{Body, Error, Platform};

use crate::{
    routes::{
        admin::tenants::existing,
        api_keys::create::{ApiKeyOrder, NewKey, make},
    },
    schemas,
    state::Api,
};

/// Makes a `collect` or `import` key of a tenant. The answer is the only one that holds its secret.
///
/// A `read` key is refused: an admin reads no tenant's data, so its owner makes it, at
/// `POST /v1/api-keys`.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/api-keys",
    tag = "admin",
    operation_id = "create_tenant_api_key",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = ApiKeyOrder,
    responses(
        (status = 201, description = "The key", body = NewKey),
        (status = 403, description = "A `read` key is its tenant's owner's to make"),
        (status = 404, description = "There is no such tenant"),
        (status = 409, description = "A key in use has that name"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn create(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<ApiKeyOrder>,
) -> Result<HttpResponse, Error> {
    if order.kind == KeyKind::Read {
        let detail = "A `read` key is the tenant's owner's to make: POST /v1/api-keys.";
        return Err(Problem::new(Code::PermissionDenied, detail).into());
    }
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let made = make(order, async |key, end| stored.create_api_key(&id, key, end).await).await?;
    Ok(HttpResponse::Created().json(made))
}
