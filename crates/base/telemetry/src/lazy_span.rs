use std::sync::OnceLock;

use tracing::{
    Event, Span, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Returns the span of the current work, if the work has one.
static CURRENT: OnceLock<fn() -> Option<Span>> = OnceLock::new();

/// Sets the function that [`LazySpan`] calls for each event outside of all spans; only the first call
/// counts.
pub fn set_lazy_span(current: fn() -> Option<Span>) {
    CURRENT.get_or_init(|| current);
}

/// Writes an event within the span of the current work, as `L` does for entered spans. Work that logs
/// nothing needs no span: to create, enter and close one costs as much as a small request.
#[derive(Debug)]
pub struct LazySpan<L>(pub L);

impl<S, L> Layer<S> for LazySpan<L>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    L: Layer<S>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let outside = context.lookup_current().is_none();
        let current = CURRENT.get().filter(|_| outside);
        match current.and_then(|current| current()) {
            Some(span) => span.in_scope(|| self.0.on_event(event, context)),
            None => self.0.on_event(event, context),
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.0.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.0.on_record(id, values, context);
    }
}
