//! What the audit log records beside the changes, which record themselves: refused access, and reads of
//! personal data. And from where each action comes.

mod access;
mod listing;

use std::{sync::Arc, time::Duration};

use actix_web::{
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
    web::Data,
};
use auth::Principal;
use control_plane::{AuditEntry, AuditSource, ControlPlane};
use moka::sync::Cache;
use serde_json::json;

use crate::{caller::caller, state::Api};

pub(crate) use listing::{AuditEntryView, AuditQuery, parse};

use access::{Access, kind};

/// How long the same refusal is recorded once: nobody fills the log by asking again.
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
}

/// What makes refusals the same: who was refused, from where, and what.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Refusal {
    actor: String,
    address: String,
    subject: String,
}

impl AuditTrail {
    pub(crate) fn new(control_plane: ControlPlane) -> Self {
        let refused = Cache::builder().max_capacity(REMEMBERED).time_to_live(ONCE_PER).build();
        Self { control_plane, refused }
    }

    /// Records an access, unless it is the same refusal as a moment ago.
    async fn record(&self, access: Access, subject: String, source: &AuditSource) {
        let principal = web::current_principal();
        let actor = actor(principal.as_ref());
        if access.is_refused {
            let address = source.address.to_string();
            let refusal = Refusal { actor: actor.clone(), address, subject: subject.clone() };
            if !self.refused.entry(refusal).or_insert(()).is_fresh() {
                return;
            }
        }
        let client_id = principal.as_ref().and_then(|principal| principal.client_id.as_ref());
        let detail = json!({ "status": access.status });
        let entry = AuditEntry { action: access.action, client_id, subject: &subject, detail };
        let record = self.control_plane.record_access(&actor, &entry);
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
        let (method, status) = (answered.request().method(), answered.status());
        let pattern = answered.request().match_pattern().unwrap_or_default();
        if let Some(access) = kind(method.as_str(), &pattern, status.as_u16()) {
            let subject = format!("{method} {pattern}");
            Box::pin(api.audit_trail.record(access, subject, &source)).await;
        }
        Ok(answered)
    };
    source.clone().during(work).await
}

fn actor(principal: Option<&Arc<Principal>>) -> String {
    principal.map_or_else(|| "anonymous".to_owned(), |principal| principal.subject.to_string())
}
