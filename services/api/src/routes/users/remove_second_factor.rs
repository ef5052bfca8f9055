use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ManageUsers, Subject};
use problem::{Code, Problem};
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Removes the second factor of a user who has lost the app and the recovery codes.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/second-factor",
    tag = "users",
    operation_id = "remove_user_second_factor",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The second factor is removed"),
        (status = 404, description = "The user does not exist, or has no second factor"),
        (status = 409, description = "The user is yourself"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let subject = &tenant.principal().subject;
    if *subject == Subject::User(*id) {
        let detail = "Remove your own second factor at POST /v1/auth/second-factor/removal.";
        return Err(Problem::new(Code::NotAllowedOnSelf, detail).into());
    }
    let users = api.control_plane.for_tenant(tenant.context());
    let removed = users.remove_second_factor(&subject.to_string(), *id).await;
    match removed.map_err(Failure::from)? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Problem::not_found().into()),
    }
}
