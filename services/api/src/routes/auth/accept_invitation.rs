use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use super::{answer, page_of};
use crate::{
    caller::Device, schemas, session_cookie::SessionStorage, sessions::TokenPair, state::Api,
};

/// An invitation, and the chosen password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Acceptance {
    /// The token of the invitation.
    #[schema(value_type = schemas::InvitationToken)]
    token: String,
    /// The password that the invited person chose.
    #[schema(value_type = schemas::Password)]
    password: String,
    /// Where the session keeps its refresh token, as at a login.
    session: Option<SessionStorage>,
}

/// Accepts an invitation, or the reset of a password: sets the password, and begins a session.
///
/// The user sends this, with the token of the invitation or reset:
///
/// ```text
/// curl https://<api>/v1/auth/invitations/accept -H 'Content-Type: application/json' \
///   -d '{"token":"ffi_…","password":"at least twelve characters"}'
/// ```
///
/// An invitation is valid once, for seven days, and a reset for one day. Afterwards its user logs in with address and
/// password. Five attempts for one invitation have no delay, twenty
/// per minute from one network.
#[utoipa::path(
    post,
    path = "/v1/auth/invitations/accept",
    tag = "auth",
    operation_id = "accept_invitation",
    security(()),
    request_body = Acceptance,
    responses(
        (status = 200, description = "A session", body = TokenPair),
        (status = 401, description = "The invitation is not valid, or has expired"),
        (status = 403, description = "The tenant is suspended; the invitation remains valid"),
        (status = 422, description = "The password is too short or too long"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(acceptance): Body<Acceptance>,
) -> Result<HttpResponse, Error> {
    let page = page_of(&request, acceptance.session, &api)?;
    let Acceptance { token, password, .. } = acceptance;
    let device = Device::of(&request, api.trust_forwarded_for);
    let mut pair = api.sessions.accept_invitation(&token, password, device, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(pair.client_id()).await?);
    Ok(answer(&mut pair, page).json(pair))
}
