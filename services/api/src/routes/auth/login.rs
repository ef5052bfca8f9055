use std::net::{IpAddr, Ipv4Addr};

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderMap, web::Data};
use auth::Password;
use chrono::Utc;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Body, Error};

use crate::{sessions::TokenPair, state::Api};

/// Who logs in.
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
/// Five attempts a minute for one address, twenty from one place.
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
pub(crate) async fn login(
    api: Data<Api>,
    request: HttpRequest,
    Body(login): Body<Login>,
) -> Result<HttpResponse, Error> {
    let address = caller(&request, &api);
    let password = Password::attempt(login.password);
    let pair = api.sessions.login(&login.email, password, address, Utc::now()).await?;
    Ok(HttpResponse::Ok().json(pair))
}

/// Where the request comes from.
pub(super) fn caller(request: &HttpRequest, api: &Api) -> IpAddr {
    let peer = request.peer_addr().map(|address| address.ip());
    address(request.headers(), peer, api.trust_forwarded_for)
}

/// Of `X-Forwarded-For` only the last address counts, and only when
/// it was written by a load balancer of ours: callers can write the others themselves.
fn address(headers: &HeaderMap, peer: Option<IpAddr>, trust_forwarded_for: bool) -> IpAddr {
    let forwarded = headers.get("x-forwarded-for").filter(|_| trust_forwarded_for);
    let forwarded = forwarded.and_then(|value| value.to_str().ok());
    let last = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
    last.or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_from_our_own_load_balancer() {
        let mut headers = HeaderMap::new();
        let name = HeaderName::from_static("x-forwarded-for");
        headers.insert(name, HeaderValue::from_static("1.1.1.1, 203.0.113.7"));
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        assert_eq!(address(&headers, Some(peer), false), peer);
        assert_eq!(address(&headers, Some(peer), true).to_string(), "203.0.113.7");
        assert_eq!(address(&HeaderMap::new(), Some(peer), true), peer);
    }
}
