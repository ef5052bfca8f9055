use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ManageUsers, Subject};
use problem::{Code, Problem};
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Disables a user: refuses logins, and ends the user's sessions, tokens and live streams within five
/// seconds. A user who has not accepted the invitation is removed with it.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}",
    tag = "users",
    operation_id = "disable_user",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The user is disabled"),
        (status = 404, description = "The user does not exist"),
        (status = 409, description = "The user is yourself, or the last owner"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let subject = &tenant.principal().subject;
    if *subject == Subject::User(*id) {
        let detail = "You cannot disable yourself. Another owner can.";
        return Err(Problem::new(Code::NotAllowedOnSelf, detail).into());
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
