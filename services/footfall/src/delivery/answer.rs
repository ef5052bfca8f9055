use serde::Deserialize;

/// The collector's answer to a batch: one outcome per event, in order.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcomes: Vec<EventOutcome>,
}

/// The outcome of one event.
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
    /// Not accepted this time; to be sent again.
    Retry,
}

/// The parts of a problem+json body that are shown.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ProblemBody {
    pub(crate) code: String,
    pub(crate) detail: String,
    /// The outcome of each event, if the events were read.
    pub(crate) outcomes: Option<Vec<EventOutcome>>,
}
