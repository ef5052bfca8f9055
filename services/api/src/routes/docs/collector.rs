use actix_web::{HttpResponse, web::Bytes};
use web::docs;

/// The collector's document, as committed. A test compares it with the collector's code.
static COLLECTOR: &str = include_str!("../../../../../openapi/collector.json");

/// Returns the collector's description.
pub(crate) async fn handle() -> HttpResponse {
    docs::document(Bytes::from_static(COLLECTOR.as_bytes()))
}
