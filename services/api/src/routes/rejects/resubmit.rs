use actix_web::{HttpResponse, HttpResponseBuilder, http::header, web::Data};
use auth::ResubmitRejects;
use chrono::Utc;
use problem::{Code, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use warehouse::RejectId;
use web::{Body, Error, Tenant};

use crate::{
    failure::retry_after,
    rejects::{RequestedReject, ResubmitAnswer},
    state::Api,
};

/// The most rejects in one request: as many as events in a batch.
const MAX_REJECTS: usize = 1_000;

/// The most bytes of a body: as many as a batch of events may have.
pub(super) const MAX_BYTES: usize = 1 << 20;

/// The rejects to resubmit: `ids` or `events`, 1 to 1,000 of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResubmitOrder {
    /// Rejects to read again as they were sent: for example after a limit was raised.
    #[schema(value_type = Option<Vec<Uuid>>, min_items = 1, max_items = 1_000)]
    ids: Option<Vec<RejectId>>,
    /// Rejects with corrected events.
    #[schema(min_items = 1, max_items = 1_000)]
    events: Option<Vec<CorrectedEvent>>,
}

/// A reject with the corrected event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectedEvent {
    /// The reject.
    #[schema(value_type = Uuid)]
    id: RejectId,
    /// The whole event as it should have been sent. It keeps its event id, which need not be
    /// repeated.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// Resubmits rejects, as they were sent or corrected.
///
/// Each is read as the collector would have read it then: it keeps its time of receipt and its event
/// id, and gets a generated id if it had none. However often it is resubmitted, it counts once. The
/// answer has one outcome per reject, in the order of the request; an event that is still not valid
/// does not affect the others. The request counts against the tenant's quotas of events, of bytes and of
/// names, as new events do.
#[utoipa::path(
    post,
    path = "/v1/rejects/resubmit",
    tag = "rejects",
    operation_id = "resubmit_rejects",
    request_body = ResubmitOrder,
    responses(
        (status = 202, description = "The log has every resubmitted event", body = ResubmitAnswer),
        (status = 413, description = "The body is too large, or names too many rejects"),
        (status = 422, description = "A field is not valid; `errors` names it"),
        (status = 429, description = "A limit of the tenant's events or bytes is exceeded; see `Retry-After`"),
    ),
)]
pub(crate) async fn handle(
    tenant: Tenant<ResubmitRejects>,
    api: Data<Api>,
    Body(order): Body<ResubmitOrder, MAX_BYTES>,
) -> Result<HttpResponse, Error> {
    let answer = resubmit(&tenant, &api, order).await?;
    Ok(accepted(&answer).json(answer))
}

/// Resubmits what a request names, within the tenant's quotas.
pub(super) async fn resubmit(
    tenant: &Tenant<ResubmitRejects>,
    api: &Api,
    order: ResubmitOrder,
) -> Result<ResubmitAnswer, Error> {
    let requested = order.requested()?;
    Ok(api.rejects.resubmit(tenant, &requested, Utc::now()).await?)
}

/// Begins the response to a resubmission: with a retry hint if some outcomes are `retry`.
pub(super) fn accepted(answer: &ResubmitAnswer) -> HttpResponseBuilder {
    let mut response = HttpResponse::Accepted();
    if answer.counts.retry > 0 {
        response.insert_header((header::RETRY_AFTER, retry_after::LOG.as_secs()));
    }
    response
}

impl ResubmitOrder {
    fn requested(self) -> Result<Vec<RequestedReject>, Problem> {
        let (requested, pointer): (Vec<_>, _) = match (self.ids, self.events) {
            (Some(ids), None) => {
                let as_sent = |id| RequestedReject { id, body: None };
                (ids.into_iter().map(as_sent).collect(), "/ids")
            }
            (None, Some(events)) => {
                let corrected = |event: CorrectedEvent| RequestedReject {
                    id: event.id,
                    body: Some(event.body),
                };
                (events.into_iter().map(corrected).collect(), "/events")
            }
            _ => return Err(Problem::field("", "must contain either `ids` or `events`")),
        };
        if requested.is_empty() {
            return Err(Problem::field(pointer, "must name at least one reject"));
        }
        if requested.len() > MAX_REJECTS {
            let detail = format!("A request may name {MAX_REJECTS} rejects at most.");
            return Err(Problem::new(Code::TooManyEvents, detail));
        }
        Ok(requested)
    }
}
