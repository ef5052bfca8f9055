use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::Password;
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use crate::{caller::Device, sessions::TokenPair, state::Api};

/// The credentials of a login.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// The user's address.
    #[schema(example = "owner@northwind.example")]
    email: String,
    /// The password.
    password: String,
}

/// Begins a session with a password.
///
/// Five attempts per minute for one address, twenty from one network.
#[utoipa::path(
    post,
    path = "/v1/auth/login",
    tag = "auth",
    operation_id = "login",
    security(()),
    request_body = Login,
    responses(
        (status = 200, description = "A session", body = TokenPair),
        (status = 401, description = "The address or the password is wrong"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(login): Body<Login>,
) -> Result<HttpResponse, Error> {
    let device = Device::of(&request, api.trust_forwarded_for);
    let password = Password::attempt(login.password);
    let pair = api.sessions.login(&login.email, password, device, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(pair.client_id()).await?);
    Ok(HttpResponse::Ok().json(pair))
}
