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

/// Ends one session of a user, with its tokens and live streams, within five seconds.
#[utoipa::path(
    delete,
    path = "/v1/users/{id}/sessions/{session_id}",
    tag = "users",
    operation_id = "end_user_session",
    params(
        ("id" = Uuid, Path, description = "The user"),
        ("session_id" = Uuid, Path, description = "The session"),
    ),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, description = "The user has no such session, or it has ended"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    ids: Path<(Uuid, Uuid)>,
) -> Result<HttpResponse, Error> {
    let (id, session_id) = ids.into_inner();
    let actor = tenant.principal().subject.to_string();
    let users = api.control_plane.for_tenant(tenant.context());
    let which = EndedSessions::One(session_id);
    let ended = users.end_user_sessions(&actor, id, which, Utc::now()).await;
    match ended.map_err(Failure::from)? {
        0 => Err(Problem::not_found().into()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
