//! The way of ended spans to the receiver: a queue, and a thread that sends what is in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, Span, SpanData,
        SpanExporter, SpanProcessor,
    },
};

use crate::{Counter, series::CounterSeries};

/// Why spans are dropped, as the metrics tell.
pub(crate) const DROPS: &[&str] = &[QUEUE_FULL, EXPORT_FAILED];

const QUEUE_FULL: &str = "queue_full";
const EXPORT_FAILED: &str = "export_failed";

/// The most spans that wait for their export: some megabytes.
const MOST_WAITING: usize = 4_096;

/// The most spans of one request to the receiver.
const MOST_SENT: usize = 512;

/// How often spans are exported, unless as many as fit into a request wait.
const PERIOD: Duration = Duration::from_secs(1);

/// How long the receiver may take to answer, attempts that are repeated included.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// Creates what records every span and sends it to `address`.
pub(super) fn provider(
    address: String,
    service: &str,
) -> Result<SdkTracerProvider, ExporterBuildError> {
    let otlp = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(address)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(ANSWER_TIMEOUT)
        .build()?;
    let waiting = Arc::<AtomicUsize>::default();
    let exporter =
        Exporter { next: otlp, waiting: Arc::clone(&waiting), is_failing: AtomicBool::new(false) };
    let config = BatchConfigBuilder::default()
        .with_max_queue_size(MOST_WAITING)
        .with_max_export_batch_size(MOST_SENT)
        .with_scheduled_delay(PERIOD)
        .build();
    let batches = BatchSpanProcessor::builder(exporter).with_batch_config(config).build();
    let dropped = Counter::SpansDropped.series(&[QUEUE_FULL]);
    let resource = Resource::builder()
        .with_service_name(service.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    // Which spans begin is decided before: see `TraceSpan`.
    Ok(SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(Queue { next: batches, waiting, dropped })
        .with_resource(resource)
        .build())
}

/// The entrance of the queue. The processor behind it drops spans, too, but does not tell how many.
#[derive(Debug)]
struct Queue {
    next: BatchSpanProcessor,
    /// The spans that are not exported yet.
    waiting: Arc<AtomicUsize>,
    dropped: CounterSeries,
}

impl SpanProcessor for Queue {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.next.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        let with_one = |waiting| (waiting < MOST_WAITING).then_some(waiting + 1);
        match self.waiting.fetch_update(Relaxed, Relaxed, with_one) {
            Ok(_) => self.next.on_end(span),
            Err(_) => self.dropped.inc(),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.next.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}

/// The exit of the queue: counts the spans that the receiver did not accept.
#[derive(Debug)]
struct Exporter {
    next: opentelemetry_otlp::SpanExporter,
    waiting: Arc<AtomicUsize>,
    is_failing: AtomicBool,
}

impl SpanExporter for Exporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let exported = self.next.export(batch).await;
        self.waiting.fetch_sub(count, Relaxed);
        let was_failing = self.is_failing.swap(exported.is_err(), Relaxed);
        match &exported {
            Ok(()) if was_failing => tracing::info!("spans are exported again"),
            Ok(()) => {}
            Err(error) => {
                Counter::SpansDropped.add(&[EXPORT_FAILED], count as u64);
                if !was_failing {
                    tracing::warn!(%error, "spans cannot be exported and are dropped");
                }
            }
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.next.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.next.set_resource(resource);
    }
}
