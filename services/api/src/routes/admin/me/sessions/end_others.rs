use actix_web::{HttpResponse, web::Data};
use auth::{EndedSessions, ManageAdminAccount};
use chrono::Utc;
use web::{Error, Platform};

use crate::state::Api;

/// Ends all your sessions but the one of this request, with their tokens and live streams, within five
/// seconds.
#[utoipa::path(
    delete,
    path = "/v1/admin/me/sessions",
    tag = "admin",
    operation_id = "end_admin_other_sessions",
    responses((status = 204, description = "Your other sessions have ended")),
)]
pub(crate) async fn handle(
    platform: Platform<ManageAdminAccount>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let principal = platform.principal();
    let which = EndedSessions::AllExcept(principal.session_id);
    api.sessions.end_own(principal, which, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
