use actix_web::{HttpResponse, web::Data};
use auth::ManageApiKeys;
use web::{Error, Tenant};

use super::ApiKey;
use crate::{failure::Failure, pagination::Listing, state::Api};

/// Lists the tenant's API keys, by name, including revoked keys.
#[utoipa::path(
    get,
    path = "/v1/api-keys",
    tag = "api keys",
    operation_id = "list_api_keys",
    responses((status = 200, description = "Every key", body = Listing<ApiKey>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageApiKeys>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let keys = api.control_plane.for_tenant(tenant.context()).api_keys().await;
    let data: Vec<_> = keys.map_err(Failure::from)?.into_iter().map(ApiKey::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
