use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ManageUsers, Subject};
use problem::{Code, Problem};
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Refuses a user's logins, and ends that user's sessions, tokens and live streams within five
/// seconds; nobody else's. Somebody who has not accepted the invitation yet is removed with it.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}",
    tag = "users",
    operation_id = "disable_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The user is refused from now on"),
        (status = 404, description = "There is no such user"),
        (status = 409, description = "That is yourself"),
    ),
)]
pub(crate) async fn disable(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let subject = &tenant.principal().subject;
    if *subject == Subject::User(*id) {
        return Err(Problem::new(Code::Conflict, "Somebody else must disable you.").into());
    }
    let actor = subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let removed = users.revoke_invitation(&actor, *id).await.map_err(Failure::from)?;
    if removed || users.disable_user(&actor, *id).await.map_err(Failure::from)? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::not_found().into())
    }
}
