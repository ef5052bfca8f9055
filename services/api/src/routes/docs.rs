use std::sync::LazyLock;

use actix_web::{
    HttpResponse,
    http::header::{self, ContentType},
    web::Bytes,
};

use crate::openapi;

/// What the page may load: its own style and script, and `/openapi.json`.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&openapi::openapi()).unwrap_or_default().into());

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
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .content_type("application/json")
        .body(DESCRIPTION.clone())
}

/// The page that shows this description.
pub(crate) async fn page() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .content_type(ContentType::html())
        .body(include_str!("../../assets/docs.html"))
}

/// Its style.
pub(crate) async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(include_str!("../../assets/docs.css"))
}

/// Its script.
pub(crate) async fn script() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(include_str!("../../assets/docs.js"))
}
