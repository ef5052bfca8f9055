//! The W3C trace context, as the header `traceparent` carries it.

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};

use super::Traces;

/// Returns the `traceparent` of the current span; `None` outside of recorded spans.
pub fn traceparent() -> Option<String> {
    of_current(|span| format!("00-{:032x}-{:016x}-01", span.trace_id(), span.span_id()))
}

/// Returns the trace id of the current span; `None` outside of recorded spans.
pub(crate) fn trace_id() -> Option<String> {
    of_current(|span| span.trace_id().to_string())
}

fn of_current(text: impl FnOnce(&SpanContext) -> String) -> Option<String> {
    Traces::get()?;
    Context::map_current(|context| {
        let span = context.span();
        let span = span.span_context();
        span.is_sampled().then(|| text(span))
    })
}

/// Returns the trace id of a valid `traceparent`.
pub fn trace_id_in(traceparent: &str) -> Option<String> {
    parse(traceparent).map(|span| span.trace_id().to_string())
}

/// Returns the span that a valid `traceparent` names.
pub(super) fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let (version, trace, span, flags) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let whole = version == "00" && parts.next().is_none();
    if !(whole && hex(trace, 32) && hex(span, 16) && hex(flags, 2)) {
        return None;
    }
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_traceparent_is_accepted() {
        let right = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert_eq!(trace_id_in(right).as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert!(parse(right).unwrap().is_sampled());
        assert!(!parse(&right.replace("b7-01", "b7-00")).unwrap().is_sampled());
        let no_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let no_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        let upper_case = right.to_uppercase();
        let longer = format!("{right}-x");
        let half = right.split_at(50).0;
        for wrong in ["", "00", half, &longer, &no_trace, &no_span, &upper_case] {
            assert_eq!(trace_id_in(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn without_a_span_there_is_no_traceparent() {
        assert_eq!(traceparent(), None);
        assert_eq!(trace_id(), None);
    }
}
