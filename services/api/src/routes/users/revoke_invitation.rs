use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageUsers;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Takes an invitation back, and with it the user, whose address is free again.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/invitation",
    tag = "users",
    operation_id = "revoke_invitation",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The invitation is void, and its user is gone"),
        (status = 404, description = "Nobody of this id is invited: no such user, or one who has accepted"),
    ),
)]
pub(crate) async fn revoke_invitation(
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
