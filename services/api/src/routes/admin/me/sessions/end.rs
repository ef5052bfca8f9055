use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{EndedSessions, ManageAdminAccount};
use chrono::Utc;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Platform};

use crate::state::Api;

/// Ends one of your sessions, with its tokens and live streams, within five seconds.
#[utoipa::path(
    delete,
    path = "/v1/admin/me/sessions/{id}",
    tag = "admin",
    operation_id = "end_admin_session",
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, description = "You have no such session, or it has ended"),
    ),
)]
pub(crate) async fn handle(
    platform: Platform<ManageAdminAccount>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let which = EndedSessions::One(*id);
    match api.sessions.end_own(platform.principal(), which, Utc::now()).await? {
        0 => Err(Problem::not_found().into()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
