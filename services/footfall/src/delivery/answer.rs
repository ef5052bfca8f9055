use serde::Deserialize;

/// The collector's answer to a batch: one outcome per event, in order.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub(crate) outcomes: Vec<EventOutcome>,
}

/// The outcome of one event, and why it was rejected. One struct of all fields: an enum of variants
/// with fields of their own would be read twice, and an import reads one for each event.
#[derive(Debug, Deserialize)]
pub(crate) struct EventOutcome {
    pub(crate) outcome: Outcome,
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) pointer: String,
    #[serde(default)]
    pub(crate) reason: String,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Accepted,
    /// Over a quota, and kept until an owner releases it.
    Parked,
    DuplicateInBatch,
    Rejected,
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
