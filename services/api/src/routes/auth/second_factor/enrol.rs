use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use web::{Body, Error};

use super::Account;
use crate::{
    caller::Device,
    sessions::{Attempt, Enrolment},
    state::Api,
};

/// Makes a second factor: add the secret of the answer to an authenticator app.
///
/// It counts from the next login with a `code` of the app, which also answers with ten recovery codes.
/// Until then, another request replaces the secret. Limits are those of a login.
#[utoipa::path(
    post,
    path = "/v1/auth/second-factor",
    tag = "auth",
    operation_id = "enrol_second_factor",
    security(()),
    request_body = Account,
    responses(
        (status = 201, description = "The secret", body = Enrolment),
        (status = 401, description = "The address or the password is wrong"),
        (status = 409, description = "The user has a second factor"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(account): Body<Account>,
) -> Result<HttpResponse, Error> {
    let device = Device::of(&request, api.trust_forwarded_for);
    let enrolment = api.sessions.enrol(&Attempt::from(account), &device, Utc::now()).await?;
    Ok(HttpResponse::Created().json(enrolment))
}
