use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::{ManageOwnAccount, Password};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use crate::{
    caller::Device,
    routes::auth::{answer, page_of},
    schemas,
    session_cookie::SessionStorage,
    sessions::{TokenPair, user},
    state::Api,
};

/// The current password, and the one that replaces it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordChange {
    /// The current password.
    current_password: String,
    /// The password that replaces it.
    #[schema(value_type = schemas::Password)]
    password: String,
    /// Where the session that begins keeps its refresh token, as at a login.
    session: Option<SessionStorage>,
}

/// Changes your password. All your sessions, tokens and live streams end within five seconds; the answer
/// begins another session.
///
/// After five failures, each further one doubles the time until the next attempt.
#[utoipa::path(
    put,
    path = "/v1/me/password",
    tag = "sessions",
    operation_id = "change_my_password",
    request_body = PasswordChange,
    responses(
        (status = 200, description = "A session", body = TokenPair),
        (status = 422, description = "The current password is wrong, or the other one too short or long"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ManageOwnAccount>,
    api: Data<Api>,
    request: HttpRequest,
    Body(change): Body<PasswordChange>,
) -> Result<HttpResponse, Error> {
    change_password(&api, &request, user(tenant.principal())?, change).await
}

/// Changes the password of a user.
pub(crate) async fn change_password(
    api: &Api,
    request: &HttpRequest,
    user_id: Uuid,
    change: PasswordChange,
) -> Result<HttpResponse, Error> {
    let PasswordChange { current_password, password, session } = change;
    let page = page_of(request, session, api)?;
    let former = Password::attempt(current_password);
    let device = Device::of(request, api.trust_forwarded_for);
    let changed = api.sessions.change_password(user_id, former, password, device, Utc::now());
    let mut pair = changed.await?;
    Ok(answer(&mut pair, page).json(pair))
}
