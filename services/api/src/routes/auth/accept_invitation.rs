use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use crate::{caller::caller, schemas, sessions::TokenPair, state::Api};

/// An invitation, and the password to log in with from now on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// What the inviting person handed on.
    #[schema(value_type = schemas::InvitationToken)]
    token: String,
    /// The password, chosen by the invited person.
    #[schema(value_type = schemas::Password)]
    password: String,
}

/// Accepts an invitation: sets the password, and begins a session.
///
/// Whoever was invited sends this, with the token that was handed on:
///
/// ```text
/// curl https://<api>/v1/auth/invitations/accept -H 'Content-Type: application/json' \
///   -d '{"token":"ffi_…","password":"at least twelve characters"}'
/// ```
///
/// An invitation works once, for seven days. From then on its user logs in with address and
/// password. Five attempts a minute for one invitation, twenty from one place.
#[utoipa::path(
    post,
    path = "/v1/auth/invitations/accept",
    tag = "auth",
    operation_id = "accept_invitation",
    security(()),
    request_body = Acceptance,
    responses(
        (status = 200, description = "A session", body = TokenPair),
        (status = 401, description = "The invitation is not valid (any more), or has expired"),
        (status = 403, description = "The tenant is suspended; the invitation stays good"),
        (status = 422, description = "The password is too short or too long"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn accept_invitation(
    api: Data<Api>,
    request: HttpRequest,
    Body(acceptance): Body<Acceptance>,
) -> Result<HttpResponse, Error> {
    let Acceptance { token, password } = acceptance;
    let address = caller(&request, api.trust_forwarded_for);
    let pair = api.sessions.accept_invitation(&token, password, address, Utc::now()).await?;
    readable_from(&request, api.sessions.readers(pair.client_id()).await?);
    Ok(HttpResponse::Ok().json(pair))
}
