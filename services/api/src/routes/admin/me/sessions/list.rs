use actix_web::{HttpResponse, web::Data};
use auth::ManageAdminAccount;
use chrono::Utc;
use web::{Error, Platform};

use crate::{
    pagination::Listing,
    routes::me::sessions::{UserSession, listing},
    sessions::user,
    state::Api,
};

/// Lists your sessions, latest first: those that have not ended, and those that ended because a spent
/// refresh token was used again.
#[utoipa::path(
    get,
    path = "/v1/admin/me/sessions",
    tag = "admin",
    operation_id = "list_admin_sessions",
    responses((status = 200, description = "Every session", body = Listing<UserSession>)),
)]
pub(crate) async fn handle(
    platform: Platform<ManageAdminAccount>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let principal = platform.principal();
    let sessions = api.sessions.own(user(principal)?, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(listing(sessions, principal.session_id)))
}
