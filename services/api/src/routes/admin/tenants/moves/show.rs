use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use problem::Problem;
use tenancy::ClientId;
use web::{Error, Platform};

use super::MoveView;
use crate::{failure::Failure, schemas, state::Api};

/// Shows how far the last move of a tenant is, also after it has ended.
#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{id}/move",
    tag = "admin",
    operation_id = "show_move",
    params(("id" = schemas::Slug, Path, description = "The tenant")),
    responses(
        (status = 200, description = "The move", body = MoveView),
        (status = 404, description = "The tenant does not exist, or was never moved"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    id: Path<ClientId>,
) -> Result<HttpResponse, Error> {
    let stored = api.control_plane.for_platform(platform.context());
    let found = stored.latest_move(&id).await.map_err(Failure::from)?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(MoveView::from(found)))
}
