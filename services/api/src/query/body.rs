use problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Format, week::DayOfWeek};
use crate::{
    behaviour::QueryAttributionBody,
    cohorts::{NamedCohort, NamesCohorts},
    reports::schemas::{DimensionName, GranularityName, QueryMetricName},
    schemas,
};

/// A query.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryBody {
    /// Names from `GET /v1/metrics`: 1 to 20.
    #[schema(value_type = Vec<QueryMetricName>, min_items = 1, max_items = 20)]
    pub(crate) metrics: Vec<String>,
    /// Names from `GET /v1/dimensions`: at most 4. None: one row for each bucket.
    #[serde(default)]
    #[schema(value_type = Vec<DimensionName>, max_items = 4)]
    pub(crate) dimensions: Vec<String>,
    /// The time of the events. Default: the last 24 hours, in one bucket.
    #[serde(default)]
    pub(crate) time: TimeBody,
    /// Only events and segments for which it holds.
    pub(crate) filters: Option<FilterBody>,
    /// What gives the credit of metrics such as `attributed_sales`: the name of a preset, or a rule. All other
    /// metrics count events as they declare themselves. Default: `declared`, for these alone.
    pub(crate) attribution: Option<QueryAttributionBody>,
    /// An earlier period to compare with.
    pub(crate) compare: Option<CompareBody>,
    /// Only the segments with the largest values of a metric.
    pub(crate) top: Option<TopBody>,
    /// The order of the segments: pairs of a metric or dimension and `asc` or `desc`. Default: the first
    /// metric, descending. Equal segments are ordered by their dimensions.
    #[serde(default)]
    #[schema(value_type = Vec<Vec<String>>, max_items = 8, example = json!([["sales", "desc"]]))]
    pub(crate) order: Vec<Vec<String>>,
    /// How many segments at most: 1 to 1,000. Default: 100; all of them in files.
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u64>,
    /// Where the page before ended: its `next`.
    #[schema(value_type = Option<schemas::Cursor>)]
    pub(crate) cursor: Option<String>,
    /// The form of the answer: `json`, or a file: `ndjson`, `csv`, `parquet` or `arrow`. Default: by the
    /// header `Accept`.
    #[schema(value_type = Option<String>, example = "csv")]
    pub(crate) format: Option<String>,
    /// Whether the answer tells which rollup was read, and how many rows of it; of credit it tells nothing.
    #[serde(default)]
    pub(crate) explain: bool,
}

impl QueryBody {
    /// Returns the form that the body names, if it names one.
    ///
    /// # Errors
    /// It names none of the forms.
    pub(crate) fn named_format(&self) -> Result<Option<Format>, Problem> {
        Format::asked(self.format.as_deref(), "/format")
    }
}

/// A range of time, and its buckets.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeBody {
    /// The start: RFC 3339, or a date, which means its midnight in `tz`. Default: 24 hours before `to`.
    #[schema(value_type = Option<schemas::Moment>)]
    pub(crate) from: Option<String>,
    /// The end, excluded: RFC 3339 or a date. Default: now.
    #[schema(value_type = Option<schemas::Moment>)]
    pub(crate) to: Option<String>,
    /// The IANA time zone of days, hours and weeks. Default: the tenant's own.
    #[schema(example = "Europe/Berlin")]
    pub(crate) tz: Option<String>,
    /// The length of the buckets. Default: `total`.
    #[schema(value_type = Option<GranularityName>)]
    pub(crate) granularity: Option<String>,
    /// The day on which weeks begin. Default: `monday`.
    #[schema(value_type = Option<DayOfWeek>)]
    pub(crate) week_begins: Option<String>,
}

impl TimeBody {
    /// Checks that no buckets are asked for, where none are possible.
    ///
    /// # Errors
    /// They are; `reason` says why they are not possible.
    pub(crate) fn without_buckets(&self, reason: &str) -> Result<(), Problem> {
        let fields = [("granularity", &self.granularity), ("week_begins", &self.week_begins)];
        match fields.into_iter().find(|(_, given)| given.is_some()) {
            Some((name, _)) => Err(Problem::field(format!("/time/{name}"), reason)),
            None => Ok(()),
        }
    }
}

/// A condition: `and`, `or` or `not` of conditions; or a test of a `dimension` or a `cohort`, which
/// selects events; or of a `metric`, which selects segments by their value in the whole range.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterBody {
    /// All of these hold.
    #[schema(no_recursion)]
    pub(crate) and: Option<Vec<FilterBody>>,
    /// At least one of these holds.
    #[schema(no_recursion)]
    pub(crate) or: Option<Vec<FilterBody>>,
    /// This does not hold.
    #[schema(no_recursion)]
    pub(crate) not: Option<Box<FilterBody>>,
    /// The name of a dimension; with one of `in`, `not_in`, `starts_with` and `contains`.
    #[schema(value_type = Option<DimensionName>)]
    pub(crate) dimension: Option<String>,
    /// It is one of these.
    #[serde(rename = "in")]
    pub(crate) is_in: Option<Vec<String>>,
    /// It is none of these.
    pub(crate) not_in: Option<Vec<String>>,
    /// It begins with one of these.
    pub(crate) starts_with: Option<Vec<String>>,
    /// It contains one of these.
    pub(crate) contains: Option<Vec<String>>,
    /// The name of a metric; with at least one of `gt`, `gte`, `lt` and `lte`.
    #[schema(value_type = Option<QueryMetricName>)]
    pub(crate) metric: Option<String>,
    /// It is greater than this number or decimal text.
    #[schema(value_type = Option<f64>)]
    pub(crate) gt: Option<Bound>,
    /// It is this or greater.
    #[schema(value_type = Option<f64>)]
    pub(crate) gte: Option<Bound>,
    /// It is less than this.
    #[schema(value_type = Option<f64>)]
    pub(crate) lt: Option<Bound>,
    /// It is this or less.
    #[schema(value_type = Option<f64>)]
    pub(crate) lte: Option<Bound>,
    /// The id of a kept cohort: the visitor or customer of the event belongs to it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub(crate) cohort: Option<NamedCohort>,
}

impl NamesCohorts for FilterBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        let Self { and, or, not, cohort, .. } = self;
        let parts = and.iter_mut().chain(or).flatten().chain(not.as_deref_mut());
        parts.flat_map(Self::cohorts).chain(cohort).collect()
    }
}

impl<B: NamesCohorts> NamesCohorts for Option<B> {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.as_mut().map_or_else(Vec::new, B::cohorts)
    }
}

impl NamesCohorts for QueryBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.filters.cohorts()
    }
}

/// A number, or its decimal text.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Bound {
    Number(serde_json::Number),
    Text(String),
}

/// An earlier period.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompareBody {
    /// `previous_period`, `previous_week`, `previous_year`, or `custom` with `from` and `until`.
    #[schema(example = "previous_period")]
    pub(crate) to: String,
    /// `date` or `weekday`: what the days of both periods have in common. Default: `date`.
    #[serde(rename = "match")]
    pub(crate) matched: Option<String>,
    /// `clock` or `elapsed`: what the times of both periods have in common. With `elapsed` the earlier
    /// period is as long as the range, and that of the calendar: a part of a month is compared with the
    /// same part of the month before. Default: `clock`.
    #[schema(example = "elapsed")]
    pub(crate) align: Option<String>,
    /// The start of a custom period.
    #[schema(value_type = Option<schemas::Moment>)]
    pub(crate) from: Option<String>,
    /// Its end, excluded.
    #[schema(value_type = Option<schemas::Moment>)]
    pub(crate) until: Option<String>,
}

/// The segments with the largest values.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopBody {
    /// How many: 1 to 1,000.
    #[schema(minimum = 1, maximum = 1000)]
    pub(crate) n: u64,
    /// The metric.
    #[schema(value_type = QueryMetricName)]
    pub(crate) by: String,
    /// Whether `others` are the numbers of all other segments together.
    #[serde(default)]
    pub(crate) others: bool,
}
