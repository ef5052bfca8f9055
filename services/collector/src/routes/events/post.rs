use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{Data, Payload},
};
use auth::{Authority, KeyKind, WriteEvents};
use chrono::Utc;
use events::{Admission, EventIds, split};
use problem::{Code, Problem};
use serde_json::Value;
use web::{Error, Tenant};

use crate::{
    ingest::{
        Decision, Encoding, Ingest, RETRY_AFTER, Receipt, Taken, form_of, refused, shape_problem,
    },
    log::Untaken,
    openapi::{BatchDocument, EventDocument, ProblemDocument, RejectedDocument, UnstoredDocument},
};

/// Takes events in.
///
/// Answers with one outcome for each event, in the order they were sent, once they are
/// stored for good. One bad event rejects itself only; a batch of which every event is rejected is
/// 422, with the same outcomes. An event whose outcome is `retry` was not stored for certain: send
/// it again, with the `event_id` given there, and it counts once.
#[utoipa::path(
    post,
    path = "/v1/events",
    tag = "events",
    operation_id = "send_events",
    request_body(
        description = "A JSON array of events, an envelope `{\"sent_at\": …, \"events\": […]}`, \
            or one event a line; as it is, or compressed with gzip or zstd \
            (`Content-Encoding`). At most 1,000 events and 1 MiB once inflated.",
        content(
            (BatchDocument = "application/json"),
            (EventDocument = "application/x-ndjson"),
        )
    ),
    responses(
        (status = 202, body = Receipt, description = "Every accepted event is stored for good"),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json",
            description = "The body cannot be read"),
        (status = 401, body = ProblemDocument, content_type = "application/problem+json",
            description = "No credential, or not a valid one"),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json",
            description = "The credential may not send events, or the tenant is suspended"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json",
            description = "The body is too large, or holds too many events"),
        (status = 415, body = ProblemDocument, content_type = "application/problem+json",
            description = "The content type or encoding is not supported"),
        (status = 422, body = RejectedDocument, content_type = "application/problem+json",
            description = "The body is JSON, but not a batch of events; or, with `outcomes`, every \
                event of it was rejected"),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json",
            description = "Over the tenant's events per second; see `Retry-After`"),
        (status = 503, body = UnstoredDocument, content_type = "application/problem+json",
            description = "Away or full; see `Retry-After`. With `outcomes`, none of the events is \
                known to be stored"),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn post(
    tenant: Tenant<WriteEvents>,
    request: HttpRequest,
    payload: Payload,
    ingest: Data<Ingest>,
) -> Result<HttpResponse, Error> {
    let received_at = Utc::now();
    let form = form_of(request.headers())?;
    let encoding = Encoding::of(request.headers())?;
    let body = ingest.read(request.headers(), encoding, payload).await?;

    let batch = split(&body, form, ingest.settings.max_events).map_err(shape_problem)?;
    if let Decision::Wait(wait) = ingest.admit(tenant.context(), batch.events.len()).await {
        return Ok(refused(tenant.context(), wait));
    }
    let admission = Admission {
        received_at,
        history: tenant.principal().authority == Authority::Key(KeyKind::Import),
        currency: tenant.context().currency(),
        ids: EventIds::of(tenant.context().client_id()),
        envelope: batch.envelope,
    };
    let Taken { receipt, trouble } =
        ingest.take(&tenant, &batch.events, &admission, traceparent(&request)).await;
    if receipt.nothing_stored() {
        return Err(unknown_whether_stored(&receipt, trouble).into());
    }
    if receipt.all_rejected() {
        return Err(all_rejected(&receipt).into());
    }
    let mut response = HttpResponse::Accepted();
    if receipt.counts.retry > 0 {
        response.insert_header((header::RETRY_AFTER, RETRY_AFTER.as_secs()));
    }
    Ok(response.json(receipt))
}

/// None of the events is known to be stored, but each may still be: the ids we gave those that had
/// none go back to the caller, so that sending them again doubles nothing.
fn unknown_whether_stored(receipt: &Receipt, trouble: Option<Untaken>) -> Problem {
    let detail = "Neither the log nor the collector's own disk takes events at this moment: none of \
                  them is known to be stored. Send the batch again, each event with the `event_id` \
                  of its outcome, where it has one.";
    let outcomes = serde_json::to_value(&receipt.outcomes).unwrap_or_default();
    let problem = Problem::new(Code::Unavailable, detail)
        .with_retry_after(RETRY_AFTER)
        .with_extension("outcomes", outcomes);
    match trouble {
        Some(trouble) => problem.with_source(trouble),
        None => problem,
    }
}

/// Nothing was taken, and sending it again would change nothing: it says the same as a receipt.
fn all_rejected(receipt: &Receipt) -> Problem {
    let detail = "None of the events was accepted: `outcomes` says of each what is wrong. They are \
                  kept, and can be mended and replayed (`/v1/rejects`).";
    let mut problem = Problem::new(Code::EventsRejected, detail);
    if let Ok(Value::Object(members)) = serde_json::to_value(receipt) {
        for (name, value) in members {
            problem = problem.with_extension(&name, value);
        }
    }
    problem
}

/// The trace context to send along, if it has the right form (W3C).
fn traceparent(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get("traceparent")?.to_str().ok()?;
    let allowed = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-');
    (value.len() == 55 && value.bytes().all(allowed)).then_some(value)
}
