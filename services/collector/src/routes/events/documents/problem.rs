use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use uuid::Uuid;
use web::openapi::ProblemBody;

use crate::ingest::{Counts, Outcome};

/// A problem, with the outcome of each event if the events were read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct UnstoredDocument {
    #[serde(flatten)]
    problem: ProblemBody,
    /// One outcome per event, in the order they were sent. Send each again with the `event_id`
    /// given here, and it counts once.
    outcomes: Option<Vec<Outcome>>,
}

/// A problem, with the reasons why each event was rejected if the events were read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct RejectedDocument {
    #[serde(flatten)]
    problem: ProblemBody,
    /// The id of this answer; quote it in support requests.
    receipt_id: Option<Uuid>,
    /// When the request arrived.
    received_at: Option<DateTime<Utc>>,
    /// The number of events per outcome.
    counts: Option<Counts>,
    /// One outcome per event, in the order they were sent.
    outcomes: Option<Vec<Outcome>>,
}
