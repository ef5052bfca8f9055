use serde::Deserialize;

/// What the collector says of a batch: one outcome per event, in order.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcomes: Vec<EventOutcome>,
}

/// What became of one event.
#[derive(Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub(crate) enum EventOutcome {
    Accepted,
    DuplicateInBatch,
    Rejected {
        code: String,
        pointer: String,
        reason: String,
    },
    /// Not taken this time; to be sent again.
    Retry,
}

/// The parts of a problem+json body that are worth showing.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProblemBody {
    pub(crate) code: String,
    pub(crate) detail: String,
    /// What became of each event, if they were read.
    pub(crate) outcomes: Option<Vec<EventOutcome>>,
}
