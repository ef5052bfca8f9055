use std::time::Duration;

use actix_web::{HttpResponse, ResponseError};
use problem::{Code, Problem};
use tenancy::{RateLimit, Unit, Window};
use web::Error;

/// Answers a batch over a limit of its tenant, with the `RateLimit` fields of the IETF draft.
pub(super) fn rate_limited(limits: &[RateLimit], unit: Unit, wait: Duration) -> HttpResponse {
    let exceeded = limits.iter().copied().find(|limit| limit.unit == unit);
    let problem = Problem::new(Code::RateLimited, detail(unit, exceeded)).with_retry_after(wait);
    let mut response = Error::from(problem).error_response();
    let told: Vec<_> =
        exceeded.map(|limit| RateLimit { left: 0, reset: wait, ..limit }).into_iter().collect();
    web::tell_rate_limits(response.headers_mut(), &told);
    response
}

fn detail(unit: Unit, exceeded: Option<RateLimit>) -> String {
    let unit = unit.as_str();
    match exceeded {
        Some(RateLimit { window: Window::Second, quota, .. }) => {
            let seconds = Window::Second.burst().as_secs();
            format!(
                "The tenant may send {} {unit} a second, averaged over {seconds} seconds.",
                quota / seconds.max(1)
            )
        }
        Some(RateLimit { quota, window, .. }) => {
            format!("The tenant may send {quota} {unit} a {}.", window.as_str())
        }
        None => format!("The tenant sends more {unit} than it may."),
    }
}
