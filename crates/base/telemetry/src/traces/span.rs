use std::collections::HashSet;

use opentelemetry::{
    Context, ContextGuard, KeyValue,
    trace::{Link, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt},
};

use super::{Traces, traceparent::parse};
use crate::requests::method_label;

/// The most links of a span: receivers drop those beyond.
const MOST_LINKS: usize = 128;

/// A recorded span. It ends with the last of its clones, or before with its answer.
///
/// Whether work is recorded is decided where it begins, so work that is not recorded costs nothing more. A span
/// names no tenant, no person and nothing that a client has sent, but for the method, if it is a known one.
#[derive(Clone, Debug)]
pub struct TraceSpan(Context);

impl TraceSpan {
    pub(super) const fn new(context: Context) -> Self {
        Self(context)
    }

    /// Starts the span of a request; `None` if it is not recorded. The span that the client's `traceparent`
    /// names is linked, so that a client cannot decide what is recorded; it is the parent, and decides, only if
    /// the settings trust it.
    pub fn of_request(
        service: &'static str,
        method: &str,
        traceparent: Option<&str>,
    ) -> Option<Self> {
        let traces = Traces::get()?;
        let client = traceparent.and_then(parse);
        let (parent, linked) = if traces.trust_parent { (client, None) } else { (None, client) };
        let is_recorded = match &parent {
            Some(parent) => parent.is_sampled(),
            None => rand::random::<f64>() < traces.ratio,
        };
        if !is_recorded {
            return None;
        }
        let method = method_label(method);
        let span = SpanBuilder::from_name(method)
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("footfall.service", service),
                KeyValue::new("http.request.method", method),
            ])
            .with_links(linked.map(Link::with_context).into_iter().collect());
        let parent = match parent {
            Some(parent) => Context::new().with_remote_span_context(parent),
            None => Context::new(),
        };
        Some(traces.start(span, &parent))
    }

    /// Starts the span of a batch; `None` if no record of it comes from a recorded request. At most 128 of these
    /// requests are linked.
    pub fn of_batch<'a>(
        sink: &'static str,
        records: usize,
        traceparents: impl Iterator<Item = &'a [u8]>,
    ) -> Option<Self> {
        let traces = Traces::get()?;
        let mut seen = HashSet::new();
        let links: Vec<_> = traceparents
            .filter_map(|value| parse(std::str::from_utf8(value).ok()?))
            .filter(SpanContext::is_sampled)
            .filter(|span| seen.insert((span.trace_id(), span.span_id())))
            .take(MOST_LINKS)
            .map(Link::with_context)
            .collect();
        if links.is_empty() {
            return None;
        }
        let records = i64::try_from(records).unwrap_or(i64::MAX);
        let span = SpanBuilder::from_name(format!("process {sink}"))
            .with_kind(SpanKind::Consumer)
            .with_attributes([
                KeyValue::new("footfall.sink", sink),
                KeyValue::new("messaging.system", "kafka"),
                KeyValue::new("messaging.operation.type", "process"),
                KeyValue::new("messaging.batch.message_count", records),
            ])
            .with_links(links);
        Some(traces.start(span, &Context::new()))
    }

    /// Starts the span of a call to a store; `None` outside of recorded spans.
    pub(crate) fn of_call(call: &'static str) -> Option<Self> {
        let parent = Self::current()?;
        let span = SpanBuilder::from_name(call).with_kind(SpanKind::Client);
        Some(Traces::get()?.start(span, &parent.0))
    }

    /// Returns the current span, for work that goes on in another task; `None` outside of recorded spans.
    pub fn current() -> Option<Self> {
        Traces::get()?;
        Context::map_current(|context| {
            let is_recorded = context.span().span_context().is_sampled();
            is_recorded.then(|| Self(context.clone()))
        })
    }

    /// Ends the span of a request with its answer.
    pub fn answered(&self, method: &str, route: &str, status: u16) {
        let span = self.0.span();
        span.update_name(format!("{} {route}", method_label(method)));
        span.set_attributes([
            KeyValue::new("http.route", route.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ]);
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
    }

    /// Notes that the call failed.
    pub(crate) fn failed(&self) {
        self.0.span().set_status(Status::error(""));
    }

    /// Makes this the current span of the thread, until the guard is dropped.
    pub(crate) fn enter(&self) -> ContextGuard {
        self.0.clone().attach()
    }
}
