use actix_web::{
    HttpRequest, HttpResponse,
    http::header::ACCEPT,
    web::{ServiceConfig, resource},
};
use serde_json::Value;
use telemetry::Requests;

/// Adds `/metrics`, in the Prometheus text format, or that of OpenMetrics for who accepts it: for a separate port that only the platform's
/// operators can reach.
pub fn metrics(config: &mut ServiceConfig) {
    config.service(resource("/metrics").get(render));
}

/// Creates the metrics of all operations of an OpenAPI description, with the value zero.
pub fn register_operations(service: &'static str, description: &Value) {
    let requests = Requests::new(service);
    for (route, operations) in description["paths"].as_object().into_iter().flatten() {
        for method in operations.as_object().into_iter().flat_map(|methods| methods.keys()) {
            requests.register(route, &method.to_uppercase());
        }
    }
    for route in ["/healthz", "/readyz", UNMATCHED] {
        requests.register(route, "GET");
    }
}

/// The format that has exemplars. Prometheus asks for it first.
const OPENMETRICS: &str = "application/openmetrics-text";

/// The route label of requests that match no route.
pub(crate) const UNMATCHED: &str = "unmatched";

async fn render(request: HttpRequest) -> HttpResponse {
    let accepted = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(accepts_openmetrics) {
        return HttpResponse::Ok()
            .content_type(format!("{OPENMETRICS}; version=1.0.0; charset=utf-8"))
            .body(telemetry::render_openmetrics());
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(telemetry::render())
}

/// Whether a list of formats has OpenMetrics, and not with the weight zero, which refuses it.
fn accepts_openmetrics(formats: &str) -> bool {
    formats.to_ascii_lowercase().split(',').any(|format| {
        let mut parts = format.split(';').map(str::trim);
        let is_zero = |weight: &str| weight.trim_matches(['0', '.']).is_empty();
        parts.next() == Some(OPENMETRICS)
            && !parts.any(|part| part.strip_prefix("q=").is_some_and(is_zero))
    })
}
