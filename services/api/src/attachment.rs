//! Answers that clients save as files.

use actix_web::http::header::{self, HeaderName};

/// Returns the header that names the file.
pub(crate) fn attachment(name: &str) -> (HeaderName, String) {
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
}
