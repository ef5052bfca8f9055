use actix_web::{HttpResponse, web::Data};
use chrono::Utc;
use web::{Body, Error};

use crate::{routes::auth::refresh::Session, state::Api};

/// Ends a session, with its access tokens and live streams, within five seconds.
#[utoipa::path(
    post,
    path = "/v1/auth/logout",
    tag = "auth",
    operation_id = "logout",
    security(()),
    request_body = Session,
    responses(
        (status = 204, description = "The session has ended"),
        (status = 422, description = "The text is not a refresh token"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    Body(session): Body<Session>,
) -> Result<HttpResponse, Error> {
    api.sessions.logout(&session.refresh_token, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
