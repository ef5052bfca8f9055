use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{ManageUsers, Subject};
use chrono::Utc;
use problem::{Code, Problem};
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{
    invitations::{self, Invitation},
    state::Api,
};

/// Resets a user's password: the current one is no longer valid, and the user's sessions, tokens and
/// live streams end within five seconds.
///
/// Send the token to the user, who sets another password with it at
/// `POST /v1/auth/invitations/accept`. It is valid once, for a day. Another reset replaces it.
#[utoipa::path(
    post,
    path = "/v1/users/{id}/password-reset",
    tag = "users",
    operation_id = "reset_password",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 201, description = "The token of the reset", body = Invitation),
        (status = 404, description = "The user does not exist, has not joined yet, or is disabled"),
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
        let detail = "Change your own password at PUT /v1/me/password.";
        return Err(Problem::new(Code::NotAllowedOnSelf, detail).into());
    }
    let actor = subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let store = async |new: &_| users.reset_password(&actor, *id, new).await;
    Ok(HttpResponse::Created().json(invitations::reset(Utc::now(), store).await?))
}
