use actix_web::{HttpResponse, web::Data};
use auth::ManageOwnAccount;
use chrono::Utc;
use web::{Error, Tenant};

use super::{UserSession, listing};
use crate::{pagination::Listing, sessions::user, state::Api};

/// Lists your sessions, latest first: those that have not ended, and those that ended because a spent
/// refresh token was used again.
#[utoipa::path(
    get,
    path = "/v1/me/sessions",
    tag = "sessions",
    operation_id = "list_my_sessions",
    responses((status = 200, description = "Every session", body = Listing<UserSession>)),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageOwnAccount>,
    api: Data<Api>,
) -> Result<HttpResponse, Error> {
    let principal = tenant.principal();
    let sessions = api.sessions.own(user(principal)?, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(listing(sessions, principal.session_id)))
}
