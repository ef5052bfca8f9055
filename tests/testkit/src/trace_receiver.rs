use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span, status::StatusCode},
};
use prost::Message;

/// A receiver of OpenTelemetry's traces (OTLP over HTTP), which keeps the spans.
pub struct TraceReceiver {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<ReceivedSpan>>>,
}

/// A span that was received. Ids are hexadecimal.
#[derive(Clone, Debug)]
pub struct ReceivedSpan {
    /// The process that exported it, by its `service.name`.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its trace.
    pub trace_id: String,
    /// Its id.
    pub span_id: String,
    /// The span above it; empty for the first of a trace.
    pub parent_id: String,
    /// Trace and span of each link.
    pub links: Vec<(String, String)>,
    /// Its attributes; numbers as text.
    pub attributes: BTreeMap<String, String>,
    /// Whether its status is an error.
    pub has_failed: bool,
}

impl ReceivedSpan {
    /// Returns the header that names it.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", self.trace_id, self.span_id)
    }
}

impl TraceReceiver {
    /// Starts a receiver that accepts spans.
    pub fn start() -> Self {
        Self::answering("200 OK")
    }

    /// Starts a receiver that accepts spans and keeps none: it reads them only, so that it costs little.
    pub fn discarding() -> Self {
        Self::run("200 OK", false)
    }

    /// Starts a receiver that answers with this status, such as `400 Bad Request`.
    pub fn answering(status: &'static str) -> Self {
        Self::run(status, true)
    }

    fn run(status: &'static str, keeps: bool) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0)));
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let spans = Arc::<Mutex<Vec<_>>>::default();
        let received = Arc::clone(&spans);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let received = keeps.then(|| Arc::clone(&received));
                // The client closes it.
                thread::spawn(move || drop(serve(&stream, status, received.as_deref())));
            }
        });
        Self { address, spans }
    }

    /// Returns the value of `telemetry.traces.endpoint`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the spans so far.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        locked(&self.spans).clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves the requests of a connection until the client closes it. Without a place for the spans, discards them.
fn serve(
    mut stream: &TcpStream,
    status: &str,
    received: Option<&Mutex<Vec<ReceivedSpan>>>,
) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        assert!(first.starts_with("POST /v1/traces "), "{first}");
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let line = line.trim().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if let Some(received) = received {
            let request = ExportTraceServiceRequest::decode(&*body).expect("spans as protobuf");
            locked(received).extend(request.resource_spans.into_iter().flat_map(spans));
        }
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n")?;
    }
}

fn spans(of_process: ResourceSpans) -> Vec<ReceivedSpan> {
    let mut resource = attributes(of_process.resource.unwrap_or_default().attributes);
    let service = resource.remove("service.name").unwrap_or_default();
    let spans = of_process.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| received(span, &service)).collect()
}

fn received(span: Span, service: &str) -> ReceivedSpan {
    let links = span.links.iter();
    let links = links.map(|link| (hex::encode(&link.trace_id), hex::encode(&link.span_id)));
    ReceivedSpan {
        service: service.to_owned(),
        name: span.name.clone(),
        trace_id: hex::encode(&span.trace_id),
        span_id: hex::encode(&span.span_id),
        parent_id: hex::encode(&span.parent_span_id),
        links: links.collect(),
        has_failed: span.status.as_ref().is_some_and(|it| it.code() == StatusCode::Error),
        attributes: attributes(span.attributes),
    }
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, String> {
    let text = |pair: KeyValue| {
        let text = match pair.value.and_then(|value| value.value) {
            Some(Value::StringValue(text)) => text,
            Some(Value::IntValue(number)) => number.to_string(),
            other => format!("{other:?}"),
        };
        (pair.key, text)
    };
    pairs.into_iter().map(text).collect()
}
