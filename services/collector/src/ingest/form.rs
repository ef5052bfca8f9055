use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use events::{BatchError, BodyForm};
use problem::{Code, Problem};

/// Reads the form of a body from its content type.
pub(super) fn form_of(headers: &HeaderMap) -> Result<BodyForm, Problem> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "application/json" => Ok(BodyForm::Json),
        "application/x-ndjson" | "application/ndjson" => Ok(BodyForm::Ndjson),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "Send `Content-Type: application/json` (an array, or an envelope with `events`), or \
             `application/x-ndjson` (one event per line).",
        )),
    }
}

/// Returns the problem of a body as a whole.
pub(super) fn shape_problem(error: BatchError) -> Problem {
    match error {
        BatchError::Malformed(reason) => {
            Problem::new(Code::MalformedBody, format!("The body is not valid JSON: {reason}."))
        }
        BatchError::Shape { pointer, reason } => Problem::field(pointer, reason),
        BatchError::TooMany(most) => Problem::new(
            Code::TooManyEvents,
            format!("A request may have at most {most} events. Send the rest in another."),
        ),
    }
}
