use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageUsers;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Revokes an invitation and removes its user, whose address is free again.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/invitation",
    tag = "users",
    operation_id = "revoke_invitation",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The invitation is revoked, and its user removed"),
        (status = 404, description = "The user does not exist, or has accepted the invitation"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    match users.revoke_invitation(&actor, *id).await.map_err(Failure::from)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::not_found().into()),
    }
}
