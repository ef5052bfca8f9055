use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use problem::{Code, Kind, Problem};

use crate::request;

/// A [`Problem`] that is answered as `application/problem+json`.
#[derive(Debug)]
pub struct Error(Problem);

impl Error {
    /// Returns the problem.
    pub fn problem(&self) -> &Problem {
        &self.0
    }
}

impl<P: Into<Problem>> From<P> for Error {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.kind().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        if let Some(seconds) = self.0.retry_after_seconds() {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(challenge) = challenge(&self.0) {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        response.body(self.0.body(&request::current_id()))
    }
}

/// Returns the value of `WWW-Authenticate` (RFC 6750) for problems with a credential.
fn challenge(problem: &Problem) -> Option<&'static str> {
    match (problem.kind(), problem.code()) {
        (_, Code::CredentialMissing) => Some(r#"Bearer realm="footfall""#),
        (_, Code::TokenExpired) => {
            Some(r#"Bearer realm="footfall", error="invalid_token", error_description="expired""#)
        }
        (Kind::Unauthenticated, _) => Some(r#"Bearer realm="footfall", error="invalid_token""#),
        (_, Code::PermissionDenied) => {
            Some(r#"Bearer realm="footfall", error="insufficient_scope""#)
        }
        _ => None,
    }
}
