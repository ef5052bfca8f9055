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
    /// Counts a request of the tenant. Returns the limit that it exceeds, if it does: its `reset` is when the
    /// request would be admitted.
    fn count<'a>(&'a self, tenant: &'a TenantContext) -> BoxFuture<'a, Option<RateLimit>>;

    /// Returns the limit of which the smallest part is left, if it is known.
    fn tightest(&self, tenant: &TenantContext) -> Option<RateLimit>;
}

/// The limit that was counted for a request, as its answer reports it.
struct CountedLimit(RateLimit);

/// Writes the `RateLimit` fields of the IETF's draft about limits, of which each reports what is left.
pub fn write_rate_limits(headers: &mut HeaderMap, limits: &[RateLimit]) {
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
    let exceeded = limits.count(tenant).await;
    if let Some(limit) = exceeded.or_else(|| limits.tightest(tenant)) {
        request.extensions_mut().insert(CountedLimit(limit));
    }
    match exceeded {
        Some(limit) => Err(rate_limited(limit)),
        None => Ok(()),
    }
}

/// Returns the problem of a request that exceeds a limit, and would be admitted at its `reset`.
pub fn rate_limited(exceeded: RateLimit) -> Problem {
    Problem::new(Code::RateLimited, exceeded.refusal()).with_retry_after(exceeded.reset)
}

/// Writes the limit that was counted for a request into the headers of its answer.
pub(crate) fn write_counted(request: &HttpRequest, headers: &mut HeaderMap) {
    let counted = request.extensions().get::<CountedLimit>().map(|CountedLimit(limit)| *limit);
    if let Some(limit) = counted {
        write_rate_limits(headers, &[limit]);
    }
}
