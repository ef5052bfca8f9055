use chrono::{DateTime, Utc};
use events::{Adjustment, Rejection, Rejections, Warning};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The outcomes of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The id of this answer; quote it in support requests.
    pub(crate) receipt_id: Uuid,
    /// When the request arrived.
    pub(crate) received_at: DateTime<Utc>,
    /// The number of events per outcome.
    pub(crate) counts: Counts,
    /// One outcome per event, in the order they were sent.
    pub(crate) outcomes: Vec<Outcome>,
}

/// The number of events per outcome.
#[derive(Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Counts {
    pub(crate) accepted: u64,
    /// Stored, and neither counted nor shown until they are released.
    pub(crate) parked: u64,
    pub(crate) duplicate_in_batch: u64,
    pub(crate) rejected: u64,
    pub(crate) retry: u64,
}

/// The outcome of one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is stored durably, and is counted once.
    Accepted {
        /// Its id: as sent, derived from the text that was sent, or generated.
        event_id: Uuid,
        /// What was normalised, cut, dropped or rounded.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<EventWarning>,
        /// Values that are stored differently from how they were sent.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        adjusted: Vec<EventAdjustment>,
    },
    /// It is over a quota of its tenant, and is stored durably apart from the others: it counts once an owner
    /// releases it (`/v1/parked`).
    Parked {
        /// Its id: as sent, derived from the text that was sent, or generated.
        event_id: Uuid,
        /// What was normalised, cut, dropped or rounded.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        warnings: Vec<EventWarning>,
        /// Values that are stored differently from how they were sent.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        adjusted: Vec<EventAdjustment>,
    },
    /// An earlier event of the batch has the same id.
    DuplicateInBatch {
        /// The id of both.
        event_id: Uuid,
    },
    /// It is invalid. It is stored as it was sent, unless the tenant has used up its rejects of the day;
    /// correct it and send it again.
    Rejected {
        /// The stable code of the error.
        #[schema(example = "invalid_value")]
        code: &'static str,
        /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
        #[schema(example = "/revenue")]
        pointer: String,
        /// What is expected.
        reason: String,
        /// All errors, the one above first; at most 20.
        errors: Vec<EventError>,
    },
    /// It is not known to be stored. Send it again.
    Retry {
        /// The id to send it with, so that it counts once.
        #[serde(skip_serializing_if = "Option::is_none")]
        event_id: Option<Uuid>,
    },
}

impl Outcome {
    /// Returns what it is for an event that is parked, if it can be stored.
    pub(super) fn parked(self) -> Self {
        match self {
            Self::Accepted { event_id, warnings, adjusted } => {
                Self::Parked { event_id, warnings, adjusted }
            }
            other => other,
        }
    }
}

impl Counts {
    /// Returns each number with the name of its outcome, as in answers and metrics.
    pub(crate) const fn by_outcome(&self) -> [(&'static str, u64); 5] {
        let Self { accepted, parked, duplicate_in_batch, rejected, retry } = *self;
        [
            ("accepted", accepted),
            ("parked", parked),
            ("duplicate_in_batch", duplicate_in_batch),
            ("rejected", rejected),
            ("retry", retry),
        ]
    }
}

/// One error of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventError {
    /// The stable code of the error.
    #[schema(example = "invalid_value")]
    code: &'static str,
    /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/revenue")]
    pointer: String,
    /// What is expected.
    reason: String,
}

/// A change that was made to an accepted event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventWarning {
    /// The stable code: `normalised`, `cut`, `dropped`, `rounded`, `unnamed`, `custom_type` or
    /// `no_revenue`.
    #[schema(example = "normalised")]
    code: &'static str,
    /// The place in the event: a JSON pointer (RFC 6901), empty for the event itself.
    #[schema(example = "/currency")]
    pointer: String,
    /// What was changed, and what is expected.
    reason: String,
}

/// A value that is stored differently from how it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct EventAdjustment {
    /// The canonical name of the field.
    #[schema(example = "event_time")]
    field: &'static str,
    /// The value as sent.
    from: String,
    /// The value as stored.
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
                Outcome::Parked { .. } => &mut counts.parked,
                Outcome::DuplicateInBatch { .. } => &mut counts.duplicate_in_batch,
                Outcome::Rejected { .. } => &mut counts.rejected,
                Outcome::Retry { .. } => &mut counts.retry,
            };
            *count += 1;
        }
        Self { receipt_id: Uuid::now_v7(), received_at, counts, outcomes }
    }

    /// Returns whether all events were rejected, so that sending them again would change nothing.
    pub(crate) fn all_rejected(&self) -> bool {
        let Counts { accepted, parked, rejected, retry, .. } = self.counts;
        rejected > 0 && accepted == 0 && parked == 0 && retry == 0
    }

    /// Returns whether no event is known to be stored, so that all must be sent again.
    pub(crate) fn nothing_stored(&self) -> bool {
        let Counts { accepted, parked, rejected, retry, .. } = self.counts;
        retry > 0 && accepted == 0 && parked == 0 && rejected == 0
    }
}
