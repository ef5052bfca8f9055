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

/// Takes an invitation back, and with it the user, whose address is free again.
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
        (status = 204, description = "The invitation is void, and its user is gone"),
        (status = 404, description = "Nobody of this id is invited: no such user, or one who has accepted"),
    ),
)]
pub(crate) async fn revoke_invitation(
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
