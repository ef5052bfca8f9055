use std::time::Duration;

use actix_web::{HttpResponse, http::header, web::Data};
use aggregates::Admission;
use auth::ReplayRejects;
use chrono::Utc;
use problem::{Code, Problem};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use warehouse::RejectId;
use web::{Body, Error, Tenant};

use crate::{
    rejects::{Asked, ReplayAnswer},
    state::Api,
};

/// Most rejects in one request, as events in one batch.
const MAX_REJECTS: usize = 1_000;

/// The most a body may hold, in bytes, as a batch of events may.
const MAX_BYTES: usize = 1 << 20;

/// When to ask again for what is not known to be in the log.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What to put into the log after all: `ids` or `events`, 1 to 1,000 of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayOrder {
    /// Rejects to be read again as they were sent: after a limit was raised, say.
    #[schema(value_type = Option<Vec<Uuid>>, min_items = 1, max_items = 1_000)]
    ids: Option<Vec<RejectId>>,
    /// Rejects with what they should have been.
    #[schema(min_items = 1, max_items = 1_000)]
    events: Option<Vec<MendedEvent>>,
}

/// A reject, mended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MendedEvent {
    /// The reject.
    #[schema(value_type = Uuid)]
    id: RejectId,
    /// The whole event as it should have been sent. It keeps its event id, which need not be
    /// repeated.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// Puts rejects into the log, as they were sent or mended.
///
/// Each is read as the collector would have read it then: it keeps its time of receipt and its
/// event id, and gets one of ours if it had none. Replayed any number of times, it counts once.
/// The answer has one outcome for each, in order; one that is still wrong holds up no other. It
/// counts against the tenant's events per second.
#[utoipa::path(
    post,
    path = "/v1/rejects/replay",
    tag = "rejects",
    operation_id = "replay_rejects",
    request_body = ReplayOrder,
    responses(
        (status = 202, description = "Every accepted event is in the log", body = ReplayAnswer),
        (status = 413, description = "The body is too large, or names too many rejects"),
        (status = 422, description = "A field is not valid; `errors` names it"),
        (status = 429, description = "Over the tenant's events per second; see `Retry-After`"),
    ),
)]
pub(crate) async fn replay(
    tenant: Tenant<ReplayRejects>,
    api: Data<Api>,
    Body(order): Body<ReplayOrder, MAX_BYTES>,
) -> Result<HttpResponse, Error> {
    let asked = order.asked()?;
    let count = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    if let Admission::RetryAfter(wait) = api.aggregates.admit(tenant.context(), count).await {
        let rate = tenant.context().limits().events_per_second;
        let detail = format!("The tenant may send {rate} events a second, replays among them.");
        return Err(Problem::new(Code::RateLimited, detail).with_retry_after(wait).into());
    }
    let answer = api.rejects.replay(&tenant, &asked, Utc::now()).await?;
    let mut response = HttpResponse::Accepted();
    if answer.counts.retry > 0 {
        response.insert_header((header::RETRY_AFTER, RETRY_AFTER.as_secs()));
    }
    Ok(response.json(answer))
}

impl ReplayOrder {
    fn asked(self) -> Result<Vec<Asked>, Problem> {
        let (asked, pointer): (Vec<_>, _) = match (self.ids, self.events) {
            (Some(ids), None) => {
                (ids.into_iter().map(|id| Asked { id, body: None }).collect(), "/ids")
            }
            (None, Some(events)) => {
                let mended = |event: MendedEvent| Asked { id: event.id, body: Some(event.body) };
                (events.into_iter().map(mended).collect(), "/events")
            }
            _ => return Err(Problem::field("", "must hold either `ids` or `events`")),
        };
        if asked.is_empty() {
            return Err(Problem::field(pointer, "must name one reject at least"));
        }
        if asked.len() > MAX_REJECTS {
            let detail = format!("A request may name {MAX_REJECTS} rejects at most.");
            return Err(Problem::new(Code::TooManyEvents, detail));
        }
        Ok(asked)
    }
}
