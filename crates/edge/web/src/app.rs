use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpResponse,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
    middleware::{Next, from_fn},
    web::{PathConfig, ServiceConfig, route},
};
use problem::{Code, Kind, Problem};
use telemetry::{Requests, TraceSpan, in_span};

use crate::{
    Error, compression, cross_origin, head,
    metrics::UNMATCHED,
    progress, rate_limits,
    request::{self, CurrentRequest},
};

/// Builds the app of `service` with `routes`. Every request has an id, metrics, and a span for its log
/// lines; every failure is `application/problem+json`.
pub fn app(
    service: &'static str,
    routes: impl FnOnce(&mut ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
> {
    telemetry::set_lazy_span(request::current_span);
    let requests = Rc::new(Requests::new(service));
    App::new()
        // A malformed id in the path is answered as an unknown one: 404.
        .app_data(
            PathConfig::default().error_handler(|_, _| Error::from(Problem::not_found()).into()),
        )
        .configure(routes)
        .default_service(route().to(not_found))
        .wrap(from_fn(move |request, next| answer(service, requests.clone(), request, next)))
}

async fn not_found() -> Result<HttpResponse, Error> {
    Err(Problem::not_found().into())
}

async fn answer<B: MessageBody + 'static>(
    service: &'static str,
    requests: Rc<Requests>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let started = Instant::now();
    let current = CurrentRequest::new(request.headers());
    let id = current.id().clone();
    let span = span(service, &request, &current);
    let recorded = span.clone();
    let work = async move {
        let method = request.method().clone();
        let begun = progress::begin(request.request());
        let (in_progress, answered) = match begun {
            Ok(in_progress) => (in_progress, handle(request, next).await?),
            Err(problem) => {
                let refused = HttpResponse::from_error(Error::from(problem));
                (None, request.into_response(refused).map_into_right_body())
            }
        };
        log_and_count(&requests, &method, &answered, started.elapsed());
        if let Some(span) = recorded {
            end(&span, &method, &answered);
        }
        let mut response = compression::compress(answered);
        let request = response.request().clone();
        rate_limits::write_counted(&request, response.headers_mut());
        cross_origin::allow_origin(&mut response).await;
        set_default_headers(response.headers_mut());
        response.headers_mut().insert(request::REQUEST_ID, id);
        Ok(progress::until_sent(in_progress, response))
    };
    in_span(span, current.scope(work)).await
}

/// Requests that no client sends: a trace of them tells nothing.
const PROBES: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Starts the span of a request, if it is recorded.
fn span(
    service: &'static str,
    request: &ServiceRequest,
    current: &CurrentRequest,
) -> Option<TraceSpan> {
    if PROBES.contains(&request.path()) {
        return None;
    }
    TraceSpan::of_request(service, request.method().as_str(), current.traceparent())
}

/// Ends the span of a request that is answered.
fn end<B>(span: &TraceSpan, method: &Method, response: &ServiceResponse<B>) {
    let pattern = response.request().match_pattern();
    let route = pattern.as_deref().unwrap_or(UNMATCHED);
    span.answered(method.as_str(), route, response.status().as_u16());
}

/// Lets the routes answer a request.
async fn handle<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    if let Some(preflight) = cross_origin::preflight(&request).await {
        return Ok(request.into_response(preflight).map_into_right_body());
    }
    next.call(head::as_get(request)).await.map(as_problem)
}

/// Turns a refusal by actix itself (wrong method, malformed path) into a problem.
fn as_problem<B: MessageBody + 'static>(
    response: ServiceResponse<B>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let status = response.status();
    let actix_error =
        response.response().error().is_some_and(|error| error.as_error::<Error>().is_none());
    let failed = status.is_client_error() || status.is_server_error();
    let has_body = || response.headers().contains_key(header::CONTENT_TYPE);
    if !actix_error && (!failed || has_body()) {
        return response.map_into_left_body();
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Code::MethodNotAllowed,
        StatusCode::PAYLOAD_TOO_LARGE => Code::BodyTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::MalformedRequest,
        _ => Code::Internal,
    };
    let allowed = response.headers().get(header::ALLOW).map(head::allowed);
    let detail = match allowed.as_ref().and_then(|value| value.to_str().ok()) {
        Some(methods) => format!("This resource allows the methods {methods}."),
        None => format!("{}.", code.title()),
    };
    let mut problem = Problem::new(code, detail);
    if let Some(error) = response.response().error() {
        problem = problem.with_source(error.to_string());
    }
    let mut rendered = HttpResponse::from_error(Error::from(problem));
    if let Some(allowed) = allowed {
        rendered.headers_mut().insert(header::ALLOW, allowed);
    }
    response.into_response(rendered).map_into_right_body()
}

/// Logs and counts a request. At level `info` and above only refused and failed requests are
/// logged. A line names the route, and neither path nor query: a path may contain a campaign, a
/// query a ticket.
fn log_and_count<B>(
    requests: &Requests,
    method: &Method,
    response: &ServiceResponse<B>,
    took: Duration,
) {
    let pattern = response.request().match_pattern();
    let route = pattern.as_deref().unwrap_or(UNMATCHED);
    let status = response.status();
    requests.answered(route, method.as_str(), status.as_u16(), took);
    let duration_ms = took.as_millis() as u64;
    let error = response.response().error().and_then(|error| error.as_error::<Error>());
    match error.map(Error::problem) {
        Some(problem) if matches!(problem.kind(), Kind::Internal | Kind::Unavailable) => {
            let code = problem.code().as_str();
            let error = telemetry::chain(problem);
            tracing::error!(%method, route, status = status.as_u16(), duration_ms, code, error, "request failed");
        }
        Some(problem) => {
            let code = problem.code().as_str();
            tracing::info!(%method, route, status = status.as_u16(), duration_ms, code, "request refused");
        }
        None => {
            tracing::debug!(%method, route, status = status.as_u16(), duration_ms, "request answered");
        }
    }
}

/// The values of security headers that the handler did not set.
const DEFAULT_HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
];

fn set_default_headers(headers: &mut HeaderMap) {
    for (name, value) in DEFAULT_HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
