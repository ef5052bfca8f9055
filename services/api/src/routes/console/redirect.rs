use actix_web::{HttpResponse, http::header};

/// Leads to the console.
pub(crate) async fn handle() -> HttpResponse {
    HttpResponse::Found().insert_header((header::LOCATION, "/console/")).finish()
}
