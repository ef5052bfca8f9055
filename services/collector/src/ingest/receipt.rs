use chrono::{DateTime, Utc};
use events::{Adjustment, Rejection, Rejections, Warning};
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
        /// Its id: the one sent, the one that stands for what was sent, or ours.
        event_id: Uuid,
        /// What was normalised, cut, dropped or rounded of it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<EventWarning>,
        /// What is kept with another value than the one sent.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        adjusted: Vec<EventAdjustment>,
    },
    /// An earlier event of the batch has the same id.
    DuplicateInBatch {
        /// The id of both.
        event_id: Uuid,
    },
    /// It is not an event. It was kept as it was sent; mend it and send it again.
    Rejected {
        /// A stable name for what is wrong.
        #[schema(example = "invalid_value")]
        code: &'static str,
        /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
        #[schema(example = "/revenue")]
        pointer: String,
        /// What would be right.
        reason: String,
        /// Each thing that is wrong, the one above first; 20 at most.
        errors: Vec<EventError>,
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

/// One thing that is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventError {
    /// A stable name for what is wrong.
    #[schema(example = "invalid_value")]
    code: &'static str,
    /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/revenue")]
    pointer: String,
    /// What would be right.
    reason: String,
}

/// Something that was done to an event that was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventWarning {
    /// A stable name: `normalised`, `cut`, `dropped`, `rounded`, `unnamed`, `custom_type` or
    /// `no_revenue`.
    #[schema(example = "normalised")]
    code: &'static str,
    /// Where in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/currency")]
    pointer: String,
    /// What was done, and what would be right.
    reason: String,
}

/// A value that is another than the one sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventAdjustment {
    /// Our name of the field.
    #[schema(example = "event_time")]
    field: &'static str,
    /// As it was sent.
    from: String,
    /// As it is kept.
    to: String,
}

impl From<&Rejection> for EventError {
    fn from(Rejection { code, pointer, reason }: &Rejection) -> Self {
        Self { code: code.as_str(), pointer: pointer.clone(), reason: reason.clone() }
    }
}

impl From<Warning> for EventWarning {
    fn from(Warning { code, pointer, reason }: Warning) -> Self {
        Self { code: code.as_str(), pointer, reason }
    }
}

impl From<Adjustment> for EventAdjustment {
    fn from(Adjustment { field, from, to }: Adjustment) -> Self {
        Self { field, from, to }
    }
}

impl From<Rejections> for Outcome {
    fn from(rejections: Rejections) -> Self {
        let EventError { code, pointer, reason } = rejections.first().into();
        let errors = rejections.iter().map(Into::into).collect();
        Self::Rejected { code, pointer, reason, errors }
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

    /// Whether no event was taken, and none would be if it were sent again.
    pub(crate) fn all_rejected(&self) -> bool {
        self.counts.rejected > 0 && self.counts.accepted == 0 && self.counts.retry == 0
    }

    /// Whether all that there was to store must be sent again.
    pub(crate) fn nothing_stored(&self) -> bool {
        self.counts.retry > 0 && self.counts.accepted == 0 && self.counts.rejected == 0
    }
}
