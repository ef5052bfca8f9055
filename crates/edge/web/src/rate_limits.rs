use std::time::Duration;

use actix_web::{
    HttpMessage, HttpRequest,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use futures::future::BoxFuture;
use problem::{Code, Problem};
use tenancy::{RateLimit, TenantContext};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// The port that counts the requests of tenants.
pub trait RequestLimits: Send + Sync {
    /// Counts a request of the tenant. Returns when it would be admitted, if it is not.
    fn count<'a>(&'a self, tenant: &'a TenantContext) -> BoxFuture<'a, Option<Duration>>;

    /// Returns the limit of which the smallest part is left, if it is known.
    fn tightest(&self, tenant: &TenantContext) -> Option<RateLimit>;
}

/// The limit that the answer to a request tells.
struct Told(RateLimit);

/// Writes the `RateLimit` fields of the IETF's draft about limits, of which each tells what is left.
pub fn tell_rate_limits(headers: &mut HeaderMap, limits: &[RateLimit]) {
    let join = |items: Vec<String>| HeaderValue::try_from(items.join(", ")).ok();
    let policies = join(limits.iter().map(|limit| limit.policy().to_string()).collect());
    let left = join(limits.iter().map(|limit| limit.item().to_string()).collect());
    if let (Some(policies), Some(left), false) = (policies, left, limits.is_empty()) {
        headers.insert(POLICY, policies);
        headers.insert(LEFT, left);
    }
}

/// Counts a request of a tenant; a problem if it is too many.
pub(crate) async fn count(
    limits: &dyn RequestLimits,
    request: &HttpRequest,
    tenant: &TenantContext,
) -> Result<(), Problem> {
    let wait = limits.count(tenant).await;
    if let Some(limit) = limits.tightest(tenant) {
        let limit = match wait {
            Some(wait) => RateLimit { left: 0, reset: wait, ..limit },
            None => limit,
        };
        request.extensions_mut().insert(Told(limit));
    }
    match wait {
        Some(wait) => {
            let detail = "The tenant sends more requests than its limits allow.";
            Err(Problem::new(Code::RateLimited, detail).with_retry_after(wait))
        }
        None => Ok(()),
    }
}

/// Writes the limit that was counted for a request into the headers of its answer.
pub(crate) fn tell(request: &HttpRequest, headers: &mut HeaderMap) {
    let told = request.extensions().get::<Told>().map(|Told(limit)| *limit);
    if let Some(limit) = told {
        tell_rate_limits(headers, &[limit]);
    }
}
