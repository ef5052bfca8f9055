use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use super::answer;
use crate::{schemas, session_cookie::Presented, sessions::TokenPair, state::Api};

/// A session to continue or end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// The refresh token of the last answer. When absent, that of the browser's cookie.
    #[schema(value_type = Option<schemas::RefreshToken>)]
    pub(super) refresh_token: Option<String>,
}

/// Continues a session. A refresh token is valid once.
///
/// A request that is repeated within ten seconds gets the same refresh token again. If a token is used
/// again later, the whole session ends, because a copy of the token exists. The session is then listed
/// with `reused_at`. However often it is continued, a session ends after 90 days.
#[utoipa::path(
    post,
    path = "/v1/auth/refresh",
    tag = "auth",
    operation_id = "refresh",
    security(()),
    request_body = Session,
    responses(
        (status = 200, description = "The continued session", body = TokenPair),
        (status = 401, description = "The refresh token is not valid, or the browser has none"),
        (status = 403, description = "The cookie is sent by a page of another origin"),
        (status = 422, description = "There is no refresh token, and this client can have no cookie"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(body): Body<Session>,
) -> Result<HttpResponse, Error> {
    let issuer = &api.sessions.settings.issuer;
    let Presented { token, page } = Presented::of(&request, body.refresh_token, issuer)?;
    let mut pair = api.sessions.refresh(&token, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(pair.client_id()).await?);
    Ok(answer(&mut pair, page).json(pair))
}
