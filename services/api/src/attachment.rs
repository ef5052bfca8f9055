//! Answers that clients save as files.

use actix_web::http::header::{self, HeaderName};
use chrono::{DateTime, SecondsFormat, Utc};

/// The `retained_from` of a file, which has no other place for it.
const RETAINED_FROM: HeaderName = HeaderName::from_static("retained-from");

/// Returns the header that names the file.
pub(crate) fn attachment(name: &str) -> (HeaderName, String) {
    (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
}

/// Returns the header of a file that is also about a time of which events have been deleted.
pub(crate) fn retained_from(time: DateTime<Utc>) -> (HeaderName, String) {
    (RETAINED_FROM, time.to_rfc3339_opts(SecondsFormat::Secs, true))
}
