use std::sync::LazyLock;

use actix_web::{HttpResponse, web::Bytes};
use web::docs::{self, Docs, Neighbour};

use crate::openapi;

/// The collector's description: the committed contract, which a test holds to the collector's code.
static COLLECTOR: &str = include_str!("../../../../openapi/collector.json");

static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&openapi::openapi()).unwrap_or_default().into());

/// A page of the api, and of the collector at `collector_url`.
pub(crate) fn page(collector_url: &str) -> Docs {
    let collector = Neighbour { path: "/docs/collector.json", server: collector_url };
    Docs::new(&[collector])
}

/// This description, in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    operation_id = "describe",
    security(()),
    responses((status = 200, description = "The description", body = Object)),
)]
pub(crate) async fn description() -> HttpResponse {
    docs::document(DESCRIPTION.clone())
}

/// The collector's description.
pub(crate) async fn collector() -> HttpResponse {
    docs::document(Bytes::from_static(COLLECTOR.as_bytes()))
}
