use actix_web::{
    HttpResponse,
    web::{ServiceConfig, resource},
};
use serde_json::Value;
use telemetry::Requests;

/// Adds `/metrics`, in the Prometheus text format: for a separate port that only the platform's
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

/// The route label of requests that match no route.
pub(crate) const UNMATCHED: &str = "unmatched";

async fn render() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(telemetry::render())
}
