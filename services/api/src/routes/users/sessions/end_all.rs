use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{EndedSessions, ManageUsers};
use chrono::Utc;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{failure::Failure, state::Api};

/// Ends all sessions of a user, with their tokens and live streams, within five seconds. The user may
/// log in again.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions",
    tag = "users",
    operation_id = "end_user_sessions",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 204, description = "The sessions have ended"),
        (status = 404, description = "The user does not exist, or has no session"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let which = EndedSessions::AllExcept(None);
    let ended = users.end_user_sessions(&actor, *id, which, Utc::now()).await;
    match ended.map_err(Failure::from)? {
        0 => Err(Problem::not_found().into()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
