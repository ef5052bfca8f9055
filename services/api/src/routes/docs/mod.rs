//! The OpenAPI documents that `/docs` shows.

use utoipa::openapi::OpenApi;
use web::docs::{Docs, Neighbour};

pub(crate) mod collector;
pub(crate) mod openapi;

/// Returns the page of this `document`, and of the collector's at `collector_url`.
pub(crate) fn page(document: &OpenApi, collector_url: &str) -> Docs {
    let collector = Neighbour { path: "/docs/collector.json", server: collector_url };
    Docs::new(document, &[collector])
}
