use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// A step of an erasure, which is a store, or of a move.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// The step.
    #[schema(example = "clickhouse")]
    step: &'static str,
    /// When it began; `null` if it has not.
    started_at: Option<DateTime<Utc>>,
    /// When it finished.
    finished_at: Option<DateTime<Utc>>,
    /// How far it is: how much was found and erased so far. Of a comparison: the number of the pass, the rows to be
    /// compared, compared and copied, and how many parts of them differed.
    #[schema(value_type = Object)]
    counts: Value,
}

impl StepView {
    /// Shows a step that has begun.
    pub(crate) fn begun(
        step: &'static str,
        started_at: DateTime<Utc>,
        finished_at: Option<DateTime<Utc>>,
        counts: &Value,
    ) -> Self {
        Self { step, started_at: Some(started_at), finished_at, counts: counts.clone() }
    }

    /// Shows a step that has not begun.
    pub(crate) fn waiting(step: &'static str) -> Self {
        Self { step, started_at: None, finished_at: None, counts: json!({}) }
    }
}
