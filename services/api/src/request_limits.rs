use aggregates::{Admission, Aggregates};
use futures::future::BoxFuture;
use tenancy::{RateLimit, TenantContext, Unit};
use web::RequestLimits;

/// Counts the requests of tenants in Redis, by all api processes together.
pub(crate) struct CountedRequests(pub(crate) Aggregates);

impl RequestLimits for CountedRequests {
    fn count<'a>(&'a self, tenant: &'a TenantContext) -> BoxFuture<'a, Option<RateLimit>> {
        Box::pin(async move {
            match self.0.admit(tenant, Unit::Requests, 1).await {
                Admission::Admitted => None,
                Admission::RetryAfter(exceeded) => Some(exceeded),
            }
        })
    }

    fn tightest(&self, tenant: &TenantContext) -> Option<RateLimit> {
        self.0.tightest_limit(tenant, Unit::Requests)
    }
}
