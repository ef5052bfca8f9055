use std::time::Duration;

use actix_web::{HttpResponse, ResponseError};
use problem::{Code, Problem};
use tenancy::{RateLimit, Unit};
use web::Error;

/// Answers a batch over a limit of its tenant, with the `RateLimit` fields of the IETF draft.
pub(super) fn rate_limited(limits: &[RateLimit], unit: Unit, wait: Duration) -> HttpResponse {
    let exceeded = limits.iter().copied().find(|limit| limit.unit == unit);
    let problem = Problem::new(Code::RateLimited, unit.refusal(exceeded)).with_retry_after(wait);
    let mut response = Error::from(problem).error_response();
    let told: Vec<_> =
        exceeded.map(|limit| RateLimit { left: 0, reset: wait, ..limit }).into_iter().collect();
    web::tell_rate_limits(response.headers_mut(), &told);
    response
}
