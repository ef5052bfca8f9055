use actix_web::{HttpResponse, http::header, web::Data};

use crate::state::Api;

/// Returns the public keys that verify access tokens (RFC 7517).
#[utoipa::path(
    get,
    path = "/.well-known/jwks.json",
    tag = "auth",
    operation_id = "list_keys",
    security(()),
    responses((status = 200, description = "The keys", body = Object)),
)]
pub(crate) async fn handle(api: Data<Api>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(api.sessions.web.verifier().published())
}
