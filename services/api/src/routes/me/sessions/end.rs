use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::{EndedSessions, ManageOwnAccount};
use chrono::Utc;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::state::Api;

/// Ends one of your sessions, with its tokens and live streams, within five seconds.
#[utoipa::path(
    delete,
    path = "/v1/me/sessions/{id}",
    tag = "sessions",
    operation_id = "end_my_session",
    params(("id" = Uuid, Path, description = "The session")),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 404, description = "You have no such session, or it has ended"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageOwnAccount>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let which = EndedSessions::One(*id);
    match api.sessions.end_own(tenant.principal(), which, Utc::now()).await? {
        0 => Err(Problem::not_found().into()),
        _ => Ok(HttpResponse::NoContent().finish()),
    }
}
