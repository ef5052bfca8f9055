use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{Metric, TimeRange, WindowError, Windows};
use problem::{Code, Problem};
use sequences::SessionGap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{FilterBody, Format, QueryBody, QueryRequest, TimeBody, names};
use crate::{
    behaviour::{By, duration},
    cohorts::{NamedCohort, NamesCohorts},
    dimensions::Home,
    reports::schemas::{DimensionName, MetricName},
};

/// How long a pause within a session may be if the request does not tell.
const DEFAULT_GAP: TimeDelta = TimeDelta::minutes(30);
/// The most numbers of an answer.
const MOST_NUMBERS: usize = 500_000;
/// The most cells that are read: a segment in a step.
const MOST_CELLS: usize = 100_000;

/// Metrics in windows of time.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowsBody {
    /// Names from `GET /v1/metrics`: 1 to 20. With session windows, none that counts visitors or
    /// customers, or that depends on other events.
    #[schema(value_type = Vec<MetricName>, min_items = 1, max_items = 20)]
    metrics: Vec<String>,
    /// Names from `GET /v1/dimensions`: at most 4; none with session windows.
    #[serde(default)]
    #[schema(value_type = Vec<DimensionName>, max_items = 4)]
    dimensions: Vec<String>,
    /// The range: tumbling windows divide it, sliding ones end in it, sessions begin in it. Without
    /// `granularity`.
    #[serde(default)]
    time: TimeBody,
    window: WindowBody,
    /// Only events and segments for which it holds; with session windows only events.
    filters: Option<FilterBody>,
    /// How many segments, or sessions, at most: 1 to 1,000. Default: 100.
    #[schema(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// The form of the answer: `json`, or a file: `ndjson`, `csv`, `parquet` or `arrow`. Default: by the
    /// header `Accept`.
    #[schema(value_type = Option<String>, example = "csv")]
    pub(crate) format: Option<String>,
}

/// The kind and the size of windows.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WindowBody {
    #[serde(rename = "type")]
    kind: WindowType,
    /// The length of a tumbling or sliding window: such as `30m`, `6h` or `7d`.
    #[schema(example = "1h")]
    size: Option<String>,
    /// How long after a sliding window the next one ends: `size` is a multiple of it.
    #[schema(example = "15m")]
    every: Option<String>,
    /// The longest pause within a session, 1 minute to 8 hours. Default: `30m`.
    #[schema(example = "30m")]
    gap: Option<String>,
    /// What the events of a session have in common: `visitor` or `customer`. Default: `visitor`.
    by: Option<By>,
}

/// A kind of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WindowType {
    /// They follow each other without a gap.
    Tumbling,
    /// They overlap.
    Sliding,
    /// Each is a session of a visitor or a customer.
    Session,
}

/// A valid question about windows.
#[derive(Debug)]
pub(crate) struct WindowsRequest {
    pub(crate) query: QueryRequest,
    /// The form of the answer, if it names one.
    pub(crate) format: Option<Format>,
    pub(super) kind: WindowKind,
}

/// Valid windows.
#[derive(Debug)]
pub(super) enum WindowKind {
    Steps { windows: Windows, size: TimeDelta, every: Option<TimeDelta> },
    Sessions(SessionWindow),
}

/// The windows of sessions.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionWindow {
    pub(super) gap: SessionGap,
    pub(super) gap_length: TimeDelta,
    pub(super) by: By,
}

impl NamesCohorts for WindowsBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.filters.cohorts()
    }
}

impl WindowsBody {
    /// Reads the question of a tenant at the time `now`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<WindowsRequest, Problem> {
        let Self { metrics, dimensions, time, window, filters, limit, format } = self.clone();
        time.without_buckets("is not possible: `window` divides the range")?;
        let query = QueryBody { metrics, dimensions, time, filters, limit, ..QueryBody::default() };
        let query = query.parse(false, home, now)?;
        let kind = window.parse(query.range, query.zone)?;
        match &kind {
            WindowKind::Steps { windows, .. } => not_too_large(&query, windows)?,
            WindowKind::Sessions(_) => of_one_key(&query)?,
        }
        let format = Format::asked(format.as_deref(), "/format")?;
        Ok(WindowsRequest { query, format, kind })
    }
}

impl WindowBody {
    fn parse(&self, range: TimeRange, zone: Tz) -> Result<WindowKind, Problem> {
        let Self { kind, size, every, gap, by } = self;
        let is_given = [
            ("size", size.is_some()),
            ("every", every.is_some()),
            ("gap", gap.is_some()),
            ("by", by.is_some()),
        ];
        let possible: &[&str] = match kind {
            WindowType::Tumbling => &["size"],
            WindowType::Sliding => &["size", "every"],
            WindowType::Session => &["gap", "by"],
        };
        let wrong = is_given.iter().find(|(name, given)| *given && !possible.contains(name));
        if let Some((name, _)) = wrong {
            let reason = format!("is not a field of this type, which has {}", possible.join(", "));
            return Err(Problem::field(format!("/window/{name}"), reason));
        }
        match kind {
            WindowType::Tumbling => {
                let size = required(size.as_deref(), "/window/size")?;
                let windows = Windows::tumbling(range, size, zone)
                    .map_err(|error| Problem::field("/window/size", error.to_string()))?;
                Ok(WindowKind::Steps { windows, size, every: None })
            }
            WindowType::Sliding => {
                let size = required(size.as_deref(), "/window/size")?;
                let every = required(every.as_deref(), "/window/every")?;
                let windows =
                    Windows::sliding(range, size, every, zone).map_err(|error| match error {
                        WindowError::Multiple => Problem::field("/window/size", error.to_string()),
                        other => Problem::field("/window/every", other.to_string()),
                    })?;
                Ok(WindowKind::Steps { windows, size, every: Some(every) })
            }
            WindowType::Session => {
                let length = gap.as_deref().map(|text| duration(text, "/window/gap"));
                let gap_length = length.transpose()?.unwrap_or(DEFAULT_GAP);
                let gap = SessionGap::new(gap_length.num_milliseconds())
                    .map_err(|error| Problem::field("/window/gap", error.to_string()))?;
                let by = by.unwrap_or_default();
                if by == By::Session {
                    let reason = "must be `visitor` or `customer`";
                    return Err(Problem::field("/window/by", reason));
                }
                Ok(WindowKind::Sessions(SessionWindow { gap, gap_length, by }))
            }
        }
    }
}

fn required(text: Option<&str>, pointer: &str) -> Result<TimeDelta, Problem> {
    let missing = || Problem::field(pointer, "is required with this type: such as 1h");
    duration(text.ok_or_else(missing)?, pointer)
}

/// Checks that neither what is read nor the answer is too large.
fn not_too_large(query: &QueryRequest, windows: &Windows) -> Result<(), Problem> {
    let segments = if query.dimensions.is_empty() { 1 } else { query.limit };
    let cells = segments.saturating_mul(windows.steps().starts().len());
    let numbers = segments * windows.all().len() * query.metrics.len();
    if cells <= MOST_CELLS && numbers <= MOST_NUMBERS {
        return Ok(());
    }
    let reason = format!(
        "{segments} segments in {} windows would have {numbers} numbers and read {cells} cells, but at \
         most {MOST_NUMBERS} and {MOST_CELLS} are possible: lower it, or ask for larger windows",
        windows.all().len()
    );
    Err(Problem::field("/limit", reason))
}

/// Checks that a question about sessions concerns the events of each key alone.
fn of_one_key(query: &QueryRequest) -> Result<(), Problem> {
    if !query.dimensions.is_empty() {
        let reason = "is not possible with session windows: each is of one visitor or customer";
        return Err(Problem::field("/dimensions", reason));
    }
    if !query.segments.is_everything() {
        let reason = "may test only dimensions with session windows";
        return Err(Problem::field("/filters", reason));
    }
    query
        .used()
        .try_for_each(|dimension| names::of_any_event(dimension.clone()).map(drop))
        .map_err(|reason| Problem::field("/filters", reason))?;
    let is_of_others =
        |metric: &Metric| metric.distinct().is_some() || metric.depends_on_other_events();
    let Some(index) = query.metrics.iter().position(is_of_others) else {
        return Ok(());
    };
    let reason = "is not a number of one session, which is what a session window has: ask for it with \
                  tumbling or sliding windows";
    Err(Problem::new(Code::Incompatible, "A metric and the windows exclude each other.")
        .with_error(format!("/metrics/{index}"), reason))
}
