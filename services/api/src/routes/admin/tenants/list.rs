use actix_web::{HttpResponse, web::Data};
use auth::ManageTenants;
use web::{Error, Platform};

use super::TenantView;
use crate::{failure::Failure, pagination::Listing, state::Api};

/// Lists every tenant, by id.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants",
    tag = "admin",
    operation_id = "list_tenants",
    responses((status = 200, description = "Every tenant", body = Listing<TenantView>)),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let tenants = api.control_plane.for_platform(platform.context()).tenants().await;
    let data: Vec<_> = tenants.map_err(Failure::from)?.into_iter().map(TenantView::from).collect();
    Ok(HttpResponse::Ok().json(Listing { data, next_cursor: None }))
}
