use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use auth::WriteEvents;
use problem::{Code, Problem};
use serde_json::Value;
use web::{Error, Tenant, openapi::ProblemBody};

use super::{
    documents::{BatchDocument, EventDocument, RejectedDocument, UnstoredDocument},
    rate_limited::rate_limited,
};
use crate::{
    ingest::{Handled, Ingest, Published, RETRY_AFTER, Receipt, Submission},
    log::NotStored,
};

/// Accepts events.
///
/// Answers once the events are stored durably, with one outcome per event, in the order they were
/// sent. A bad event rejects only itself; a batch whose events are all rejected is answered 422,
/// with the same outcomes. An event with the outcome `retry` is not known to be stored: send it
/// again with the `event_id` given there, and it counts once.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "events",
    operation_id = "send_events",
    request_body(
        description = "A JSON array of events, an envelope `{\"sent_at\": …, \"events\": […]}`, \
            or one event per line; plain, or compressed with gzip or zstd \
            (`Content-Encoding`). At most 1,000 events and 1 MiB once inflated.",
        content(
            (BatchDocument = "application/json"),
            (EventDocument = "application/x-ndjson"),
        )
    ),
    responses(
        (status = 202, body = Receipt, description = "Every accepted or parked event is stored durably"),
        (status = 400, body = ProblemBody, content_type = "application/problem+json",
            description = "The body cannot be read"),
        (status = 401, body = ProblemBody, content_type = "application/problem+json",
            description = "The credential is missing or invalid"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json",
            description = "The credential may not send events, or the tenant is suspended"),
        (status = 408, body = ProblemBody, content_type = "application/problem+json",
            description = "The body arrived too slowly; see `Retry-After`"),
        (status = 413, body = ProblemBody, content_type = "application/problem+json",
            description = "The body is too large, or has too many events"),
        (status = 415, body = ProblemBody, content_type = "application/problem+json",
            description = "The content type or encoding is not supported"),
        (status = 422, body = RejectedDocument, content_type = "application/problem+json",
            description = "The body is JSON, but not a batch of events; or, with `outcomes`, all \
                of its events were rejected"),
        (status = 429, body = ProblemBody, content_type = "application/problem+json",
            description = "A limit of the tenant's events or bytes is exceeded; see `Retry-After` \
                and `RateLimit`"),
        (status = 503, body = UnstoredDocument, content_type = "application/problem+json",
            description = "Unavailable or overloaded; see `Retry-After`. With `outcomes`, none of \
                the events is known to be stored"),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn handle(
    tenant: Tenant<WriteEvents>,
    request: HttpRequest,
    payload: Payload,
    ingest: Data<Ingest>,
) -> Result<HttpResponse, Error> {
    let submission = Submission::new(&request, payload)?;
    let handled = ingest.handle(&tenant, submission).await?;
    match handled {
        Handled::Published(published) => {
            let mut response = answer(published)?;
            let limits = ingest.rate_limits(tenant.context());
            web::write_rate_limits(response.headers_mut(), &limits);
            Ok(response)
        }
        Handled::RateLimited(exceeded) => Ok(rate_limited(exceeded)),
    }
}

fn answer(published: Published) -> Result<HttpResponse, Error> {
    let Published { receipt, rejects_stored, failure } = published;
    if receipt.nothing_stored() {
        return Err(nothing_stored(&receipt, failure).into());
    }
    if receipt.all_rejected() {
        return Err(all_rejected(&receipt, rejects_stored).into());
    }
    let mut response = HttpResponse::Accepted();
    if receipt.counts.retry > 0 {
        response.insert_header((header::RETRY_AFTER, RETRY_AFTER.as_secs()));
    }
    Ok(response.json(receipt))
}

/// Returns the problem when no event is known to be stored. Each may still be stored, so the answer
/// contains the generated ids: events that are sent again with them count once.
fn nothing_stored(receipt: &Receipt, failure: Option<NotStored>) -> Problem {
    let detail = "Neither the log nor the collector's own disk accepts events at the moment: none \
                  of them is known to be stored. Send the batch again, each event with the \
                  `event_id` of its outcome, if it has one.";
    let outcomes = serde_json::to_value(&receipt.outcomes).unwrap_or_default();
    let problem = Problem::new(Code::Unavailable, detail)
        .with_retry_after(RETRY_AFTER)
        .with_extension("outcomes", outcomes);
    match failure {
        Some(failure) => problem.with_source(failure),
        None => problem,
    }
}

/// Returns the problem when all events are rejected, with the fields of the receipt. Sending them
/// again would change nothing.
fn all_rejected(receipt: &Receipt, are_stored: bool) -> Problem {
    let detail = match are_stored {
        true => {
            "None of the events was accepted: `outcomes` contains the errors of each. They are \
             stored, and can be corrected and resubmitted (`/v1/rejects`)."
        }
        false => {
            "None of the events was accepted: `outcomes` contains the errors of each. Not all of \
             them are stored as rejects: the tenant may store so many a day, of a size that the log \
             takes. Correct the events, and send them again."
        }
    };
    let mut problem = Problem::new(Code::EventsRejected, detail);
    if let Ok(Value::Object(members)) = serde_json::to_value(receipt) {
        for (name, value) in members {
            problem = problem.with_extension(&name, value);
        }
    }
    problem
}
