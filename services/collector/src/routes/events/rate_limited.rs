use std::time::Duration;

use actix_web::{HttpResponse, ResponseError, http::header::HeaderName};
use problem::{Code, Problem};
use tenancy::TenantContext;
use web::Error;

/// The window over which a tenant's events per second are averaged, in seconds.
const WINDOW_SECONDS: u64 = 10;

/// Answers a batch over its tenant's rate, with the `RateLimit` fields of the IETF draft.
pub(super) fn rate_limited(tenant: &TenantContext, wait: Duration) -> HttpResponse {
    let rate = u64::from(tenant.limits().events_per_second);
    let detail = format!(
        "The tenant may send {rate} events a second, averaged over {WINDOW_SECONDS} seconds."
    );
    let problem = Problem::new(Code::RateLimited, detail).with_retry_after(wait);
    let seconds = problem.retry_after_seconds().unwrap_or(1);
    let mut response = Error::from(problem).error_response();
    let quota = rate * WINDOW_SECONDS;
    for (name, value) in [
        ("ratelimit-policy", format!(r#""events";q={quota};w={WINDOW_SECONDS}"#)),
        ("ratelimit", format!(r#""events";r=0;t={seconds}"#)),
    ] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
