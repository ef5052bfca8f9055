use actix_web::{HttpRequest, HttpResponse, web::Data};
use auth::Password;
use chrono::Utc;
use serde::Deserialize;
use tenancy::ClientId;
use utoipa::ToSchema;
use web::{Body, Error};

use crate::{caller::Device, schemas, sessions::Attempt, state::Api};

/// The address, the password and a code of a user.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Removal {
    /// The user's address.
    #[schema(example = "owner@northwind.example")]
    email: String,
    /// The password.
    password: String,
    /// The id of the tenant, as in a login.
    #[schema(value_type = Option<schemas::Slug>)]
    tenant: Option<ClientId>,
    /// The six digits that the app shows now, or a recovery code.
    #[schema(example = "123456")]
    code: String,
}

/// Removes a second factor and its recovery codes. A user who has neither app nor recovery codes asks an
/// owner.
#[utoipa::path(
    post,
    path = "/v1/auth/second-factor/removal",
    tag = "auth",
    operation_id = "remove_second_factor",
    security(()),
    request_body = Removal,
    responses(
        (status = 204, description = "The second factor is removed"),
        (status = 401, description = "The address, the password or the code is wrong"),
        (status = 422, description = "The user has no second factor"),
        (status = 429, description = "Too many attempts"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(removal): Body<Removal>,
) -> Result<HttpResponse, Error> {
    let device = Device::of(&request, api.trust_forwarded_for);
    let Removal { email, password, tenant, code } = removal;
    let attempt = Attempt { email, tenant, password: Password::attempt(password) };
    api.sessions.remove_second_factor(&attempt, &code, &device, Utc::now()).await?;
    Ok(HttpResponse::NoContent().finish())
}
