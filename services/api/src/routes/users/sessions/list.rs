use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use auth::ManageUsers;
use chrono::Utc;
use problem::Problem;
use uuid::Uuid;
use web::{Error, Tenant};

use crate::{
    failure::Failure,
    pagination::Listing,
    routes::me::sessions::{UserSession, listing},
    state::Api,
};

/// Lists a user's sessions, latest first: those that have not ended, and those that ended because a
/// spent refresh token was used again.
#[utoipa::path(
    get,
    path = "/v1/users/{id}/sessions",
    tag = "users",
    operation_id = "list_user_sessions",
    params(("id" = Uuid, Path, description = "The user")),
    responses(
        (status = 200, description = "Every session", body = Listing<UserSession>),
        (status = 404, description = "The user does not exist"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageUsers>,
    api: Data<Api>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Error> {
    let users = api.control_plane.for_tenant(tenant.context());
    let sessions = users.user_sessions(*id, Utc::now()).await.map_err(Failure::from)?;
    let sessions = sessions.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(listing(sessions, tenant.principal().session_id)))
}
