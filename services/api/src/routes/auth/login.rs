use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::Password;
use chrono::Utc;
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use super::{answer, page_of};
use crate::{
    caller::Device,
    schemas,
    session_cookie::SessionStorage,
    sessions::{Attempt, LoggedIn},
    state::Api,
};

/// The credentials of a login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The user's address.
    #[schema(example = "owner@northwind.example")]
    email: String,
    /// The password.
    password: String,
    /// The id of the tenant, for a person who has an account of several tenants. Default: the account that
    /// is oldest.
    #[schema(value_type = Option<schemas::Slug>)]
    tenant: Option<ClientId>,
    /// The six digits that the authenticator app shows now, or a recovery code, if the user has a second
    /// factor.
    #[schema(example = "123456")]
    code: Option<String>,
    /// Where the session keeps its refresh token: in the answer, when absent.
    session: Option<SessionStorage>,
}

/// Begins a session with a password.
///
/// An address may have an account of several tenants, each with its own password. `tenant` names
/// which; if it is absent, the oldest account is meant.
///
/// After five failures for one address, each further one doubles the time until the next attempt, up to
/// 15 minutes. Failures from elsewhere do not delay a login from a network from which the user has
/// logged in before. Twenty attempts per minute from one network.
///
/// A page of this API may keep the refresh token in a cookie, which scripts cannot read: with
/// `"session": "cookie"`, over TLS or on this machine.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "auth",
    operation_id = "login",
    security(()),
    request_body = Login,
    responses(
        (status = 200, description = "A session", body = LoggedIn),
        (status = 401, description = "The address, the password or the code is wrong, or a code is required"),
        (status = 403, description = "The tenant requires a second factor, which must be set up first; or a session in a cookie is requested by a page of another origin"),
        (status = 422, description = "A field is not valid, or this client can have no session in a cookie"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(login): Body<Login>,
) -> Result<HttpResponse, Error> {
    let page = page_of(&request, login.session, &api)?;
    let device = Device::of(&request, api.trust_forwarded_for);
    let Login { email, password, tenant, code, .. } = login;
    let attempt = Attempt { email, tenant, password: Password::attempt(password) };
    let mut session = api.sessions.login(&attempt, code.as_deref(), device, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(session.client_id()).await?);
    Ok(answer(session.pair(), page).json(session))
}
