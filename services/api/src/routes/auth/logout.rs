use actix_web::{HttpRequest, HttpResponse, http::header, web::Data};
use chrono::Utc;
use web::{Body, Error};

use crate::{routes::auth::refresh::Session, session_cookie::Presented, state::Api};

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
        (status = 401, description = "The browser has no session"),
        (status = 403, description = "The cookie is sent by a page of another origin"),
        (status = 422, description = "The text is not a refresh token, or there is none"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(session): Body<Session>,
) -> Result<HttpResponse, Error> {
    let issuer = &api.sessions.settings.issuer;
    let Presented { token, page } = Presented::of(&request, session.refresh_token, issuer)?;
    api.sessions.logout(&token, Utc::now()).await?;
    let mut response = HttpResponse::NoContent();
    if let Some(page) = page {
        response.insert_header((header::SET_COOKIE, page.remove()));
    }
    Ok(response.finish())
}
