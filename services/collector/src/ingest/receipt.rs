use chrono::{DateTime, Utc};
use events::Rejection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// Names this answer; quote it to us.
    pub(crate) receipt_id: Uuid,
    /// When the request arrived.
    pub(crate) received_at: DateTime<Utc>,
    /// How many of each outcome.
    pub(crate) counts: Counts,
    /// One for each event, in the order they were sent.
    pub(crate) outcomes: Vec<Outcome>,
}

/// How many events had each outcome.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    pub(crate) duplicate_in_batch: u64,
    pub(crate) rejected: u64,
    pub(crate) retry: u64,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is stored for good, and will be counted once.
    Accepted {
        /// Its id: the one sent, or ours.
        event_id: Uuid,
    },
    /// An earlier event of the batch has the same id.
    DuplicateInBatch {
        /// The id of both.
        event_id: Uuid,
    },
    /// It is not an event. It was kept as it was sent; mend it and send it again.
    Rejected {
        /// A stable name for what is wrong.
        code: &'static str,
        /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
        pointer: String,
        /// What would be right.
        reason: String,
    },
    /// It could not be stored for certain. Send it again.
    Retry {
        /// The id to send it with, so that it counts once.
        #[serde(skip_serializing_if = "Option::is_none")]
        event_id: Option<Uuid>,
    },
}

impl Outcome {
    /// The stable name, in answers and in metrics.
    pub(crate) const fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::DuplicateInBatch { .. } => "duplicate_in_batch",
            Self::Rejected { .. } => "rejected",
            Self::Retry { .. } => "retry",
        }
    }
}

impl From<Rejection> for Outcome {
    fn from(Rejection { code, pointer, reason }: Rejection) -> Self {
        Self::Rejected { code: code.as_str(), pointer, reason }
    }
}

impl Receipt {
    pub(crate) fn new(received_at: DateTime<Utc>, outcomes: Vec<Outcome>) -> Self {
        let mut counts = Counts::default();
        for outcome in &outcomes {
            let count = match outcome {
                Outcome::Accepted { .. } => &mut counts.accepted,
                Outcome::DuplicateInBatch { .. } => &mut counts.duplicate_in_batch,
                Outcome::Rejected { .. } => &mut counts.rejected,
                Outcome::Retry { .. } => &mut counts.retry,
            };
            *count += 1;
        }
        Self { receipt_id: Uuid::now_v7(), received_at, counts, outcomes }
    }

    /// Whether all that there was to store must be sent again.
    pub(crate) fn nothing_stored(&self) -> bool {
        self.counts.retry > 0 && self.counts.accepted == 0 && self.counts.rejected == 0
    }
}
