//! Answers that clients save as files.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
    web::block,
};
use chrono::{DateTime, SecondsFormat, Utc};
use problem::Problem;
use web::Error;

use crate::{
    query::{Format, Time},
    sheet::Tabular,
};

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

/// Returns the form of an answer: the one that the request names, else the first known one that it accepts.
pub(crate) fn form(named: Option<Format>, http: &HttpRequest) -> Format {
    let accept = http.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    named.unwrap_or_else(|| Format::accepted(accept.unwrap_or_default()))
}

/// Returns the form of an answer as [`form`] does, and writes it into the request, which may become a job: that
/// has no header `Accept`. A job of JSON does not name it, since an api of the release before knows no `format`.
///
/// # Errors
/// `named`, which is at `pointer`, is no known form.
pub(crate) fn settled_form(
    named: &mut Option<String>,
    pointer: &str,
    http: &HttpRequest,
) -> Result<Format, Problem> {
    let form = form(Format::asked(named.as_deref(), pointer)?, http);
    *named = matches!(form, Format::File(_)).then(|| form.ending().to_owned());
    Ok(form)
}

/// Returns an answer as JSON, or as a file whose name has the kind of the report, the range and the zone.
pub(crate) async fn answered(
    answer: impl Tabular + Send + 'static,
    form: Format,
    (kind, time): (&str, Time),
) -> Result<HttpResponse, Error> {
    let Format::File(format) = form else {
        return Ok(HttpResponse::Ok().json(answer));
    };
    let mut response = HttpResponse::Ok();
    if let Some(time) = answer.about().retained_from {
        response.insert_header(retained_from(time));
    }
    // Many rows take a while: meanwhile this thread answers other requests.
    let rendered = block(move || answer.sheet(time.zone).file(format)).await;
    let name = time.file_name(kind, format.ending());
    Ok(response
        .insert_header((header::CONTENT_TYPE, format.media_type()))
        .insert_header(attachment(&name))
        .body(rendered.map_err(Problem::internal)??))
}
