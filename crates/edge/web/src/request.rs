use std::{cell::OnceCell, sync::Arc};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use auth::Principal;
use tracing::Span;
use uuid::{NoContext, Timestamp, Uuid};

pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

tokio::task_local! {
    static CURRENT: CurrentRequest;
}

/// The request that the current task answers, as its problems and log lines name it.
pub(crate) struct CurrentRequest {
    id: HeaderValue,
    traceparent: Option<HeaderValue>,
    principal: OnceCell<Arc<Principal>>,
    /// Created for the first log line.
    span: OnceCell<Span>,
}

impl CurrentRequest {
    /// Reads a request's id: the client's `X-Request-Id` if it is `[A-Za-z0-9._-]{1,64}`, else a
    /// new UUIDv7.
    pub(crate) fn new(headers: &HeaderMap) -> Self {
        let sent = headers.get(&REQUEST_ID).filter(|id| is_valid(id.as_bytes()));
        Self {
            id: sent.cloned().unwrap_or_else(new_id),
            traceparent: headers.get(&TRACEPARENT).cloned(),
            principal: OnceCell::new(),
            span: OnceCell::new(),
        }
    }

    /// Returns the id, as the value of its header.
    pub(crate) fn id(&self) -> &HeaderValue {
        &self.id
    }

    /// Returns the client's `traceparent`, valid or not.
    pub(crate) fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_ref()?.to_str().ok()
    }

    /// Runs `work` as part of this request.
    pub(crate) async fn scope<F: Future>(self, work: F) -> F::Output {
        CURRENT.scope(self, work).await
    }

    /// Returns the id of the trace in which the request is recorded, or else of the client's.
    fn trace_id(&self) -> Option<String> {
        let recorded = telemetry::traceparent();
        telemetry::trace_id_in(recorded.as_deref().or(self.traceparent())?)
    }

    fn span(&self) -> &Span {
        self.span.get_or_init(|| {
            let span = tracing::info_span!(
                "request",
                id = text(&self.id),
                trace_id = self.trace_id(),
                subject = tracing::field::Empty,
                client_id = tracing::field::Empty,
            );
            if let Some(principal) = self.principal.get() {
                record(&span, principal);
            }
            span
        })
    }
}

/// Returns the id of the current request; empty outside of requests.
pub fn current_id() -> String {
    CURRENT.try_with(|current| text(&current.id).to_owned()).unwrap_or_default()
}

/// Returns the verified owner of the current request's credential, if it has one.
pub fn current_principal() -> Option<Arc<Principal>> {
    CURRENT.try_with(|current| current.principal.get().cloned()).ok().flatten()
}

/// Returns the span of the current request; none outside of requests.
pub(crate) fn current_span() -> Option<Span> {
    CURRENT.try_with(|current| current.span().clone()).ok()
}

/// Names the verified owner of the current request's credential in its log lines.
pub(crate) fn set_principal(principal: &Arc<Principal>) {
    let set = CURRENT.try_with(|current| {
        if let Some(span) = current.span.get() {
            record(span, principal);
        }
        current.principal.get_or_init(|| principal.clone());
    });
    // Outside of requests, in tests, nobody reads it.
    set.unwrap_or_default();
}

fn record(span: &Span, principal: &Principal) {
    span.record("subject", principal.subject.to_string());
    if let Some(client_id) = &principal.client_id {
        span.record("client_id", client_id.as_str());
    }
}

/// Creates an id. Unlike `Uuid::now_v7`, it waits for no other thread: ids of one millisecond are in
/// no order.
fn new_id() -> HeaderValue {
    let id = Uuid::new_v7(Timestamp::now(NoContext));
    let text = id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned();
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
}

/// Returns the text of a header; empty if it is not ASCII, which an id always is.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

fn is_valid(id: &[u8]) -> bool {
    (1..=64).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_that_could_forge_a_log_line_is_replaced() {
        let id = |sent: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(sent).unwrap());
            text(CurrentRequest::new(&headers).id()).to_owned()
        };
        assert_eq!(id("abc-1.2_3"), "abc-1.2_3");
        for wrong in ["", "a b", "a\"b", "a=b", &"x".repeat(65)] {
            assert_ne!(id(wrong), wrong);
        }
    }
}
