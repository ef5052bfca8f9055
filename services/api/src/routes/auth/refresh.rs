use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use crate::{schemas, sessions::TokenPair, state::Api};

/// A session to continue or end.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Session {
    /// The refresh token of the last answer.
    #[schema(value_type = schemas::RefreshToken)]
    pub(super) refresh_token: String,
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
        (status = 401, description = "The refresh token is not valid"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(session): Body<Session>,
) -> Result<HttpResponse, Error> {
    let pair = api.sessions.refresh(&session.refresh_token, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(pair.client_id()).await?);
    Ok(HttpResponse::Ok().json(pair))
}
