//! Spans of OpenTelemetry: which are recorded, and where they go.

mod export;
mod in_span;
mod settings;
mod span;
mod traceparent;

use std::{sync::OnceLock, time::Duration};

use opentelemetry::{
    Context,
    trace::{SpanBuilder, TraceContextExt, Tracer, TracerProvider},
};
use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

pub use in_span::{InSpan, in_span};
pub use settings::TraceSettings;
pub use span::TraceSpan;
pub use traceparent::{trace_id_in, traceparent};

pub(crate) use export::DROPS;
pub(crate) use traceparent::trace_id;

/// How long the last spans may take to be exported when the process ends.
const LAST_EXPORT: Duration = Duration::from_secs(2);

/// The traces of this process, once they are started.
static TRACES: OnceLock<Traces> = OnceLock::new();

/// Records spans and exports them.
struct Traces {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    ratio: f64,
    trust_parent: bool,
}

impl Traces {
    fn get() -> Option<&'static Self> {
        TRACES.get()
    }

    /// Starts a span below that of `parent`, if it has one.
    fn start(&self, span: SpanBuilder, parent: &Context) -> TraceSpan {
        TraceSpan::new(parent.with_span(self.tracer.build_with_context(span, parent)))
    }
}

/// Starts recording spans of `service` if the settings name a receiver; only the first call counts.
pub(crate) fn start(settings: &TraceSettings, service: &str) -> Result<(), ExporterBuildError> {
    let Some(address) = settings.address() else { return Ok(()) };
    let provider = export::provider(address, service)?;
    let tracer = provider.tracer("footfall");
    let TraceSettings { ratio, trust_parent, .. } = *settings;
    TRACES.get_or_init(|| Traces { provider, tracer, ratio, trust_parent });
    Ok(())
}

/// Returns whether this process records spans.
pub fn traces_are_on() -> bool {
    Traces::get().is_some()
}

/// Exports the spans that have ended, and ends the traces of this process. Blocks for two seconds at most.
pub fn end_traces() {
    if let Some(traces) = Traces::get()
        && let Err(error) = traces.provider.shutdown_with_timeout(LAST_EXPORT)
    {
        tracing::debug!(%error, "the last spans may not be exported");
    }
}
