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
        api_keys::create::{ApiKeyOrder, NewKey, create},
    },
    schemas,
    state::Api,
};

/// Creates a `collect` or `import` key of a tenant. Only this answer contains its secret.
///
/// A `read` key is refused: an admin may not read a tenant's data, so the tenant's owner creates it,
/// at `POST /v1/api-keys`.
#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{id}/api-keys",
    tag = "admin",
    operation_id = "create_tenant_api_key",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    request_body = ApiKeyOrder,
    responses(
        (status = 201, description = "The key", body = NewKey),
        (status = 403, description = "Only the tenant's owner may create a `read` key"),
        (status = 404, description = "The tenant does not exist"),
        (status = 409, description = "A key in use has this name"),
        (status = 422, description = "A field is not valid; `errors` names it"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
    Body(order): Body<ApiKeyOrder>,
) -> Result<HttpResponse, Error> {
    if order.kind == KeyKind::Read {
        let detail = "Only the tenant's owner may create a `read` key: POST /v1/api-keys.";
        return Err(Problem::new(Code::PermissionDenied, detail).into());
    }
    let stored = api.control_plane.for_platform(platform.context());
    existing(&stored, &id).await?;
    let made = create(order, async |key, end| stored.create_api_key(&id, key, end).await).await?;
    Ok(HttpResponse::Created().json(made))
}
