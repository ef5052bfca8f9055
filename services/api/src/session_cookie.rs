//! Sessions of browsers: the refresh token is in a cookie, which no script can read.
//!
//! Only pages of this api have such a session: `Origin`, which a browser sends with each request that
//! changes something, must name the host of the request or the platform's public address. Access tokens are
//! sent as everywhere.

use std::net::IpAddr;

use actix_web::{
    HttpRequest,
    http::{
        header::{self, HeaderMap, HeaderValue},
        uri::Authority,
    },
};
use chrono::{DateTime, Utc};
use problem::{Code, Problem};
use serde::Deserialize;
use url::{Host, Url};
use utoipa::ToSchema;

/// The name over TLS: browsers accept it only with `Secure`, for the whole host and no other.
const SECURE_NAME: &str = "__Host-footfall_session";
/// The name on this machine.
const LOOPBACK_NAME: &str = "footfall_session";

/// Where a session keeps its refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SessionStorage {
    /// In a cookie of the browser. The answer does not contain it.
    Cookie,
}

/// The page of this api that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OwnPage {
    is_secure: bool,
}

/// A refresh token, as a request contains it.
pub(crate) struct Presented {
    pub(crate) token: String,
    /// The page whose cookie contains it; `None` if it is in the body.
    pub(crate) page: Option<OwnPage>,
}

impl OwnPage {
    /// Returns the page that sent `request` to this platform, whose public address is `issuer`. `pointer`
    /// is the field that asks for a cookie, or that replaces it.
    ///
    /// # Errors
    /// The request is from a page of another origin, or from no page that may have a cookie: over HTTP
    /// without TLS only those of this machine may. If this process serves TLS, a page without it is another one.
    pub(crate) fn of(request: &HttpRequest, issuer: &str, pointer: &str) -> Result<Self, Problem> {
        let authority = request.uri().authority().map(Authority::as_str);
        Self::read(request.headers(), authority, issuer, pointer, web::has_tls(request))
    }

    /// `authority` is what HTTP/2 has in place of `Host`.
    fn read(
        headers: &HeaderMap,
        authority: Option<&str>,
        issuer: &str,
        pointer: &str,
        has_tls: bool,
    ) -> Result<Self, Problem> {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let without_cookie = || {
            let reason =
                "only pages of this API have a session in a cookie, over TLS or on this machine";
            Problem::field(pointer, reason)
        };
        let sent = text(header::ORIGIN).ok_or_else(without_cookie)?;
        let origin: Url = sent.parse().map_err(|_| without_cookie())?;
        let is_host = text(header::HOST)
            .or(authority)
            .is_some_and(|host| format!("{}://{host}", origin.scheme()).eq_ignore_ascii_case(sent));
        let is_issuer = issuer.parse().is_ok_and(|issuer: Url| issuer.origin() == origin.origin());
        let is_secure = origin.scheme() == "https";
        if !(is_host || is_issuer) || has_tls && !is_secure {
            let detail = "The request is from a page of another origin.";
            return Err(Problem::new(Code::PermissionDenied, detail));
        }
        if is_secure || is_loopback(&origin) {
            Ok(Self { is_secure })
        } else {
            Err(without_cookie())
        }
    }

    const fn name(self) -> &'static str {
        if self.is_secure { SECURE_NAME } else { LOOPBACK_NAME }
    }

    /// Returns the `Set-Cookie` that keeps a refresh token until it expires.
    pub(crate) fn keep(self, token: &str, until: DateTime<Utc>, now: DateTime<Utc>) -> HeaderValue {
        self.cookie(token, (until - now).num_seconds().max(0))
    }

    /// Returns the `Set-Cookie` that removes it.
    pub(crate) fn remove(self) -> HeaderValue {
        self.cookie("", 0)
    }

    fn cookie(self, value: &str, seconds: i64) -> HeaderValue {
        let name = self.name();
        let secure = if self.is_secure { "; Secure" } else { "" };
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        // Refresh tokens contain only letters, digits, `-` and `_`.
        let mut cookie =
            HeaderValue::try_from(cookie).unwrap_or_else(|_| HeaderValue::from_static(""));
        cookie.set_sensitive(true);
        cookie
    }

    /// Returns the refresh token that the browser keeps.
    fn token(self, headers: &HeaderMap) -> Option<&str> {
        let cookies = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
        pairs.find_map(|pair| pair.trim().strip_prefix(self.name())?.strip_prefix('='))
    }
}

impl Presented {
    /// Returns the refresh token in the body of a request; else that of its cookie.
    ///
    /// # Errors
    /// There is none, or its page may not use it.
    pub(crate) fn of(
        request: &HttpRequest,
        body: Option<String>,
        issuer: &str,
    ) -> Result<Self, Problem> {
        if let Some(token) = body {
            return Ok(Self { token, page: None });
        }
        let page = OwnPage::of(request, issuer, "/refresh_token")?;
        let token = page.token(request.headers()).ok_or_else(|| {
            let detail = "The browser has no session. Log in.";
            Problem::new(Code::CredentialMissing, detail)
        })?;
        Ok(Self { token: token.to_owned(), page: Some(page) })
    }
}

fn is_loopback(origin: &Url) -> bool {
    match origin.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};
    use chrono::TimeDelta;

    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn page(origin: &str, host: &str) -> Result<OwnPage, Code> {
        let headers = headers(&[(header::ORIGIN, origin), (header::HOST, host)]);
        OwnPage::read(&headers, None, "https://footfall.example", "/session", false)
            .map_err(|problem| problem.code())
    }

    #[test]
    fn a_page_of_this_api_has_a_cookie_over_tls_or_on_this_machine() {
        for (origin, host, is_secure) in [
            ("https://shop.example", "shop.example", true),
            ("https://shop.example:8443", "SHOP.example:8443", true),
            // A load balancer may replace the host.
            ("https://footfall.example", "10.0.0.7:8080", true),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", false),
            ("http://[::1]:8080", "[::1]:8080", false),
            ("http://localhost:5173", "localhost:5173", false),
        ] {
            assert_eq!(page(origin, host), Ok(OwnPage { is_secure }), "{origin} {host}");
        }
    }

    #[test]
    fn other_pages_have_none() {
        for (origin, host, code) in [
            ("https://evil.example", "shop.example", Code::PermissionDenied),
            ("http://localhost:1", "localhost:2", Code::PermissionDenied),
            ("https://shop.example.evil.example", "shop.example", Code::PermissionDenied),
            // Anybody on the way could read the cookie.
            ("http://shop.example", "shop.example", Code::InvalidField),
            ("http://127.0.0.1.evil.example", "127.0.0.1.evil.example", Code::InvalidField),
            ("null", "shop.example", Code::InvalidField),
            ("", "shop.example", Code::InvalidField),
        ] {
            assert_eq!(page(origin, host), Err(code), "{origin} {host}");
        }
        let without_origin = headers(&[(header::HOST, "127.0.0.1")]);
        assert!(OwnPage::read(&without_origin, None, "", "/session", false).is_err());
    }

    #[test]
    fn where_this_process_serves_tls_a_page_without_it_has_none() {
        let page = |origin| {
            let headers = headers(&[(header::ORIGIN, origin)]);
            OwnPage::read(&headers, Some("127.0.0.1:8080"), "", "/session", true)
                .map_err(|problem| problem.code())
        };
        assert_eq!(page("https://127.0.0.1:8080"), Ok(OwnPage { is_secure: true }));
        assert_eq!(page("http://127.0.0.1:8080"), Err(Code::PermissionDenied));
    }

    #[test]
    fn the_cookie_is_for_this_host_alone_and_hidden_from_scripts() {
        let now = Utc::now();
        let until = now + TimeDelta::days(1);
        let secure = OwnPage { is_secure: true }.keep("token", until, now);
        assert_eq!(
            secure,
            "__Host-footfall_session=token; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict; Secure"
        );
        assert!(secure.is_sensitive());
        let plain = OwnPage { is_secure: false };
        let removed = "footfall_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict";
        assert_eq!(plain.remove(), removed);
    }

    #[test]
    fn each_page_reads_its_own_cookie() {
        let both = headers(&[
            (header::COOKIE, "a=b; footfall_session=plain"),
            (header::COOKIE, "__Host-footfall_session=secure;footfall_session2=x"),
        ]);
        assert_eq!(OwnPage { is_secure: true }.token(&both), Some("secure"));
        assert_eq!(OwnPage { is_secure: false }.token(&both), Some("plain"));
        let other = headers(&[(header::COOKIE, "my_footfall_session=x")]);
        assert_eq!(OwnPage { is_secure: false }.token(&other), None);
    }
}
