use chrono::{DateTime, Utc};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ingest::{Counts, Outcome};

/// What went wrong (RFC 9457).
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct ProblemDocument {
    /// A page about the code.
    r#type: String,
    /// The code in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A stable name that clients may switch on.
    code: String,
    /// What happened, and what to do.
    detail: String,
    /// What is wrong with which field.
    errors: Option<Vec<ProblemField>>,
    /// Names the request; quote it to us.
    request_id: String,
}

/// What went wrong, and what became of each event, if they were read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct UnstoredDocument {
    #[serde(flatten)]
    problem: ProblemDocument,
    /// One for each event, in the order they were sent: send each again with the `event_id` given
    /// here, and it counts once.
    outcomes: Option<Vec<Outcome>>,
}

/// What went wrong, and why each event was rejected, if they were read.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct RejectedDocument {
    #[serde(flatten)]
    problem: ProblemDocument,
    /// Names this answer; quote it to us.
    receipt_id: Option<Uuid>,
    /// When the request arrived.
    received_at: Option<DateTime<Utc>>,
    /// How many of each outcome.
    counts: Option<Counts>,
    /// One for each event, in the order they were sent.
    outcomes: Option<Vec<Outcome>>,
}

/// What is wrong with one field.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `problem` writes")]
pub(crate) struct ProblemField {
    /// Where: a JSON pointer (RFC 6901).
    pointer: String,
    /// What would be right.
    reason: String,
}
