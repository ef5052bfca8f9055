//! The former name of `/v1/rejects/resubmit`, with the former names in its answer.

use actix_web::{HttpResponse, web::Data};
use auth::ResubmitRejects;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Body, Error, Tenant};

use super::resubmit::{MAX_BYTES, ResubmitOrder, accepted, resubmit};
use crate::{
    rejects::{EventError, ResubmitAnswer, ResubmitCounts, ResubmitOutcome},
    state::Api,
};

/// The outcomes of a resubmission, under their former names.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayAnswer {
    /// The number of rejects per outcome.
    counts: ReplayCounts,
    /// One outcome per reject, in the order of the request.
    outcomes: Vec<ReplayOutcome>,
}

/// The number of rejects per outcome.
#[derive(Serialize, ToSchema)]
struct ReplayCounts {
    accepted: u64,
    already_replayed: u64,
    rejected: u64,
    not_found: u64,
    retry: u64,
}

/// The outcome of one reject.
#[derive(Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum ReplayOutcome {
    /// The log has the event. It counts once, with its first time of receipt.
    Accepted {
        /// The id of the event: as it was sent, or generated.
        event_id: Uuid,
    },
    /// The event was resubmitted before, and does not count again.
    AlreadyReplayed {
        /// The id of the event.
        event_id: Uuid,
        /// When it was resubmitted.
        replayed_at: DateTime<Utc>,
    },
    /// The event is still not valid, and remains a reject.
    Rejected {
        /// The stable name of the error.
        code: &'static str,
        /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
        pointer: String,
        /// What would be correct.
        reason: String,
        /// Every error, the one above first.
        errors: Vec<EventError>,
    },
    /// The reject does not exist, or belongs to another tenant.
    NotFound,
    /// The event is not known to be in the log. Send the request again: it still counts once.
    Retry,
}

/// Resubmits rejects: the former name of `POST /v1/rejects/resubmit`.
#[utoipa::path(
    post,
    path = "/v1/rejects/replay",
    tag = "rejects",
    operation_id = "replay_rejects",
    request_body = ResubmitOrder,
    responses(
        (status = 202, description = "The log has every accepted event", body = ReplayAnswer),
        (status = 413, description = "The body is too large, or names too many rejects"),
        (status = 422, description = "A field is not valid; `errors` names it"),
        (status = 429, description = "A limit of the tenant's events or bytes is exceeded; see `Retry-After`"),
    ),
)]
#[deprecated]
pub(crate) async fn handle(
    tenant: Tenant<ResubmitRejects>,
    api: Data<Api>,
    Body(order): Body<ResubmitOrder, MAX_BYTES>,
) -> Result<HttpResponse, Error> {
    let answer = resubmit(&tenant, &api, order).await?;
    Ok(accepted(&answer).json(ReplayAnswer::from(answer)))
}

impl From<ResubmitAnswer> for ReplayAnswer {
    fn from(answer: ResubmitAnswer) -> Self {
        let ResubmitCounts { resubmitted, already_resubmitted, rejected, not_found, retry } =
            answer.counts;
        Self {
            counts: ReplayCounts {
                accepted: resubmitted,
                already_replayed: already_resubmitted,
                rejected,
                not_found,
                retry,
            },
            outcomes: answer.outcomes.into_iter().map(ReplayOutcome::from).collect(),
        }
    }
}

impl From<ResubmitOutcome> for ReplayOutcome {
    fn from(outcome: ResubmitOutcome) -> Self {
        match outcome {
            ResubmitOutcome::Resubmitted { event_id, .. } => Self::Accepted { event_id },
            ResubmitOutcome::AlreadyResubmitted { event_id, resubmitted_at: replayed_at } => {
                Self::AlreadyReplayed { event_id, replayed_at }
            }
            ResubmitOutcome::Rejected { code, pointer, reason, errors } => {
                Self::Rejected { code, pointer, reason, errors }
            }
            ResubmitOutcome::NotFound => Self::NotFound,
            ResubmitOutcome::Retry => Self::Retry,
        }
    }
}
