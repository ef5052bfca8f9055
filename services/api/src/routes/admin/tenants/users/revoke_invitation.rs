use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageTenants;
use problem::Problem;
use tenancy::ClientId;
use uuid::Uuid;
use web::{Error, Platform};

use crate::{failure::Failure, schemas, state::Api};

/// Revokes an invitation and removes its user, whose address is free again.
#[utoipa::path(
    delete,
    path = "/v1/admin/tenants/{id}/users/{user_id}/invitation",
    tag = "admin",
    operation_id = "revoke_tenant_invitation",
    params(
        ("id" = schemas::Slug, Path, description = "The tenant"),
        ("user_id" = Uuid, Path, description = "The user"),
    ),
    responses(
        (status = 204, description = "The invitation is revoked, and its user removed"),
        (status = 404, description = "The user does not exist, or has accepted the invitation"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageTenants>,
    api: Data<Api>,
    ids: Path<(ClientId, Uuid)>,
) -> Result<HttpResponse, Error> {
    let (id, user_id) = ids.into_inner();
    let stored = api.control_plane.for_platform(platform.context());
    match stored.revoke_invitation(&id, user_id).await.map_err(Failure::from)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::not_found().into()),
    }
}
