use actix_web::{HttpRequest, HttpResponse, web::Path};
use web::Error;

use crate::console;

/// Answers with a file of the console, or with the page that shows its screens.
pub(crate) async fn handle(
    request: HttpRequest,
    path: Path<String>,
) -> Result<HttpResponse, Error> {
    Ok(console::answer(&request, &path)?)
}
