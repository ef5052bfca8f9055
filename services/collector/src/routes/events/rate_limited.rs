use actix_web::{HttpResponse, ResponseError};
use tenancy::RateLimit;
use web::Error;

/// Answers a batch over a limit of its tenant, with the `RateLimit` fields of the IETF draft.
pub(super) fn rate_limited(exceeded: RateLimit) -> HttpResponse {
    let mut response = Error::from(web::rate_limited(exceeded)).error_response();
    web::write_rate_limits(response.headers_mut(), &[exceeded]);
    response
}
