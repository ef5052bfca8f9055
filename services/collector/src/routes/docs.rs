use std::sync::LazyLock;

use actix_web::{HttpResponse, web::Bytes};

use crate::openapi;

static DESCRIPTION: LazyLock<Bytes> =
    LazyLock::new(|| serde_json::to_vec(&openapi::openapi()).unwrap_or_default().into());

/// This collector's description, in OpenAPI 3.1.
pub(super) async fn description() -> HttpResponse {
    web::docs::document(DESCRIPTION.clone())
}
