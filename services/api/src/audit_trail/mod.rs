//! What the audit log records beside the changes, which record themselves: refused access, and reads of
//! personal data. And from where each action comes.

mod access;
mod budget;
mod listing;

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use aggregates::network_address;
use auth::Principal;
use control_plane::{AuditEntry, AuditSource, ControlPlane};
use moka::sync::Cache;
use serde_json::json;
use telemetry::Counter;
use tenancy::ClientId;

use crate::{caller::caller, state::Api};

pub(crate) use listing::{AuditEntryView, AuditQuery, parse};

use access::{Access, kind};
use budget::Budget;

/// How long the same refusal is recorded once. A network of IPv6 has more addresses than anybody can remember, and
/// counts as one.
const ONCE_PER: Duration = Duration::from_secs(60);
/// How many refusals are remembered.
const REMEMBERED: u64 = 10_000;
/// How long an answer waits for its entry. Without PostgreSQL, answers go on, and the log says so.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Records accesses. Cloning shares what it remembers.
#[derive(Clone)]
pub(crate) struct AuditTrail {
    control_plane: ControlPlane,
    refused: Cache<Refusal, ()>,
    budget: Arc<Budget>,
}

/// What makes refusals the same: who was refused, from which network, and what.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Refusal {
    actor: String,
    network: IpAddr,
    subject: String,
}

/// What was read or refused.
struct Subject {
    /// The route of a refusal: the client cannot make it another one. The path of a read, which names whose
    /// data it is.
    name: String,
    /// The tenant that the path of a read names.
    tenant: Option<ClientId>,
}

impl Subject {
    fn of(request: &HttpRequest, access: &Access, pattern: &str) -> Self {
        let method = request.method();
        if access.is_refused {
            return Self { name: format!("{method} {pattern}"), tenant: None };
        }
        let tenant = pattern.starts_with("/v1/admin/tenants/{id}");
        let tenant = tenant.then(|| request.match_info().get("id")?.parse().ok()).flatten();
        Self { name: format!("{method} {}", request.path()), tenant }
    }
}

impl AuditTrail {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        let refused = Cache::builder().max_capacity(REMEMBERED).time_to_live(ONCE_PER).build();
        Self { control_plane, refused, budget: Arc::new(Budget::new()) }
    }

    /// Records an access, unless it is the same refusal as a moment ago, or there are too many refusals.
    async fn record(&self, access: Access, subject: Subject, source: AuditSource) {
        let principal = web::current_principal();
        let actor = actor(principal.as_ref());
        if !access.is_refused {
            return self.write(access, subject, &actor).await;
        }
        let network = network_address(source.address);
        let refusal = Refusal { actor: actor.clone(), network, subject: subject.name.clone() };
        if !self.refused.entry(refusal.clone()).or_insert(()).is_fresh() {
            return;
        }
        let Some(_place) = self.budget.take(Instant::now()) else {
            self.refused.invalidate(&refusal);
            return Counter::RefusalsDropped.inc(&[]);
        };
        let source = AuditSource { address: network, ..source };
        source.during(self.write(access, subject, &actor)).await;
    }

    async fn write(&self, access: Access, subject: Subject, actor: &str) {
        let principal = web::current_principal();
        let own = principal.as_ref().and_then(|principal| principal.client_id.as_ref());
        let client_id = subject.tenant.as_ref().or(own);
        let detail = json!({ "status": access.status });
        let subject = &subject.name;
        let entry = AuditEntry { action: access.action, client_id, subject, detail };
        let record = self.control_plane.record_access(actor, &entry);
        match tokio::time::timeout(TIMEOUT, record).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(action = access.action, error, "an access was not recorded");
            }
            Err(_) => {
                let error = "no answer in time";
                tracing::warn!(action = access.action, error, "an access was not recorded");
            }
        }
    }
}

/// Answers a request, and records it if it is an access to record. What the request changes is recorded with
/// its source.
pub(crate) async fn trail<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let Some(api) = request.app_data::<Data<Api>>().cloned() else {
        return next.call(request).await;
    };
    let source = AuditSource {
        address: caller(request.request(), api.trust_forwarded_for),
        request_id: web::current_id(),
    };
    let work = async {
        // Boxed, so that the future of every request, which actix copies, is small.
        let answered = Box::pin(next.call(request)).await?;
        let asked = answered.request();
        let pattern = asked.match_pattern().unwrap_or_default();
        let status = answered.status().as_u16();
        if let Some(access) = kind(asked.method().as_str(), &pattern, status) {
            let subject = Subject::of(asked, &access, &pattern);
            Box::pin(api.audit_trail.record(access, subject, source.clone())).await;
        }
        Ok(answered)
    };
    source.clone().during(work).await
}

fn actor(principal: Option<&Arc<Principal>>) -> String {
    principal.map_or_else(|| "anonymous".to_owned(), |principal| principal.subject.to_string())
}
