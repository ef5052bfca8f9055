use actix_web::{HttpResponse, web::Data};
use web::docs::{self, Docs};

/// Returns this description, in OpenAPI 3.1.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "docs",
    operation_id = "describe",
    security(()),
    responses((status = 200, description = "The description", body = Object)),
)]
pub(crate) async fn handle(page: Data<Docs>) -> HttpResponse {
    docs::own(page).await
}
