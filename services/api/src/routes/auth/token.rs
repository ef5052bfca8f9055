use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error, readable_from};

use crate::{schemas, sessions::AccessToken, state::Api};

/// An API key to exchange.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// The key.
    #[schema(value_type = schemas::ApiKeySecret)]
    api_key: String,
}

/// Issues an access token for an API key, with the permissions of the key.
#[utoipa::path(
    post,
    path = "/v1/auth/token",
    tag = "auth",
    operation_id = "exchange_api_key",
    security(()),
    request_body = Exchange,
    responses(
        (status = 200, description = "An access token", body = AccessToken),
        (status = 401, description = "The key is not valid"),
    ),
)]
pub(crate) async fn handle(
    api: Data<Api>,
    request: HttpRequest,
    Body(exchange): Body<Exchange>,
) -> Result<HttpResponse, Error> {
    let token = api.sessions.exchange(&exchange.api_key, Utc::now()).await?;
    readable_from(&request, &api.sessions.readers(token.client_id()).await?);
    Ok(HttpResponse::Ok().json(token))
}
