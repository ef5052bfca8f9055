mod sheet;

use chrono::{DateTime, NaiveDate, Utc};
use metrics::{EventTest, Filter};
use problem::Problem;
use sequences::{
    Bracket, Calendar, CellState, First, Measure, Retention, RetentionCounts, ReturnPeriod, Span,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warehouse::ReturnQuery;

use super::{
    Asker, Behaviour,
    fields::{By, EventBody, invalid, until},
};
use crate::{
    cohorts::{NamedCohort, NamesCohorts},
    dimensions::Home,
    failure::Failure,
    query::{DayOfWeek, FilterBody, Format, Time, TimeBody, filters, week_begins},
};

/// The number of columns if the request does not tell.
const DEFAULT_PERIODS: u32 = 8;

/// A table of retention.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionBody {
    /// The event with which a key joins a cohort.
    pub(crate) cohort: EventBody,
    /// The event that counts as a return. Default: that of the cohort.
    #[serde(rename = "return")]
    pub(crate) returns: Option<EventBody>,
    /// `ever`: a key joins the cohort of its first event of all time; `in_range`: of its first one in the
    /// range, whatever came before. Default: `ever`.
    pub(crate) first: Option<FirstBody>,
    /// The length of cohorts and of periods. Default: `day`.
    pub(crate) period: Option<PeriodBody>,
    /// `calendar`: periods of the calendar; `rolling`: each key's own 24 hours or 7 days from its first
    /// event on. Default: `calendar`.
    pub(crate) mode: Option<ModeBody>,
    /// `on`: keys that return in a period; `on_or_after`: in it or later. Default: `on`. Not with
    /// `brackets`.
    pub(crate) measure: Option<MeasureBody>,
    /// The number of periods, the first one included: 1 to 366. Default: 8.
    #[schema(minimum = 1, maximum = 366)]
    pub(crate) periods: Option<u32>,
    /// First and last period of each column, counted from 0: `[[0, 0], [1, 2], [3, 6]]`.
    #[schema(value_type = Option<Vec<Vec<u32>>>)]
    pub(crate) brackets: Option<Vec<Vec<u32>>>,
    /// The day on which weeks begin. Default: `monday`.
    #[schema(value_type = Option<DayOfWeek>)]
    pub(crate) week_begins: Option<String>,
    /// When a key joins a cohort. Without `granularity`.
    #[serde(default)]
    pub(crate) time: TimeBody,
    /// What the events of one user have in common. Default: `visitor`.
    #[serde(default)]
    pub(crate) by: By,
    /// Only events for which it holds.
    pub(crate) filters: Option<FilterBody>,
    /// Up to which time of events to look. Default: now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) as_of: Option<String>,
    /// The form of the answer: `json`, or a file: `ndjson`, `csv`, `parquet` or `arrow`. Default: by the
    /// header `Accept`.
    #[schema(value_type = Option<String>, example = "csv")]
    pub(crate) format: Option<String>,
}

/// Which event is a key's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FirstBody {
    Ever,
    InRange,
}

/// The length of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeriodBody {
    Day,
    Week,
    Month,
}

/// Whose periods are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ModeBody {
    Calendar,
    Rolling,
}

/// What a column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MeasureBody {
    On,
    OnOrAfter,
}

/// The answer to a table of retention.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionAnswer {
    /// The start of the range.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// The time zone of the calendar.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// What the events of one user have in common.
    by: By,
    /// The cohorts, by date.
    cohorts: Vec<RetentionCohort>,
    /// Each column over the cohorts in which it is complete.
    averages: Vec<RetentionAverage>,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Present if events are read from before it: events that were received before this time have been deleted by the
    /// tenant's retention, so the numbers of that part may be too small. With `first: ever`, a key may have joined
    /// earlier than is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
}

/// The keys that joined in one period.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionCohort {
    /// The first day of the period.
    #[schema(value_type = String, format = Date, example = "2026-03-28")]
    start: NaiveDate,
    /// The number of keys.
    size: u64,
    /// One for each column.
    cells: Vec<RetentionCell>,
}

/// The returns of a cohort in a column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionCell {
    /// The number of keys that returned; `null` in the future.
    count: Option<u64>,
    /// The share of the cohort; `null` in the future and of an empty cohort.
    rate: Option<f64>,
    /// `complete`, `partial` while the period is not over for all of the cohort, or `future`.
    #[schema(value_type = String, example = "complete")]
    state: &'static str,
}

/// A column over all cohorts in which it is complete.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RetentionAverage {
    /// The number of keys that returned.
    count: u64,
    /// The number of keys of the cohorts.
    size: u64,
    /// The share; `null` without a complete cohort.
    rate: Option<f64>,
}

/// A valid table of retention.
#[derive(Debug)]
pub(crate) struct RetentionRequest {
    retention: Retention,
    is_ever: bool,
    pub(crate) time: Time,
    /// The form of the answer, if it names one.
    pub(crate) format: Option<Format>,
    by: By,
    cohort: Filter<EventTest>,
    returns: Filter<EventTest>,
    filter: Filter<EventTest>,
    until: DateTime<Utc>,
}

impl NamesCohorts for RetentionBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        let events = self.cohort.cohorts().into_iter().chain(self.returns.cohorts());
        events.chain(self.filters.cohorts()).collect()
    }
}

impl RetentionBody {
    /// Reads the table of a tenant at the time `now`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<RetentionRequest, Problem> {
        let known = home.dimensions;
        self.time.without_buckets("is not possible: `period` is the length of cohorts")?;
        let time = self.time.parse("/time/", home.zone, now)?;
        let [from, to] = [time.range.from(), time.range.to()].map(|time| time.timestamp_millis());
        let range = Span::new(from, to).map_err(|error| invalid(error, "/time"))?;
        let week_begins = week_begins(self.week_begins.as_deref())
            .map_err(|reason| Problem::field("/week_begins", reason))?;
        let calendar = Calendar { zone: time.zone, week_begins };
        let is_ever = self.first != Some(FirstBody::InRange);
        let first = if is_ever { First::Ever } else { First::InRange };
        let pointer = if self.brackets.is_some() { "/brackets" } else { "/periods" };
        let retention =
            Retention::new(range, self.return_period()?, calendar, first, self.measure()?)
                .map_err(|error| invalid(error, pointer))?;
        let returns = self.returns.as_ref().map(|returns| returns.parse("/return", known));
        let cohort = self.cohort.parse("/cohort", known)?;
        Ok(RetentionRequest {
            retention,
            is_ever,
            time,
            format: Format::asked(self.format.as_deref(), "/format")?,
            by: self.by,
            returns: returns.transpose()?.unwrap_or_else(|| cohort.clone()),
            cohort,
            filter: filters::of_events(self.filters.as_ref(), "/filters", known)?,
            until: until(self.as_of.as_deref(), now)?,
        })
    }

    fn return_period(&self) -> Result<ReturnPeriod, Problem> {
        let period = self.period.unwrap_or(PeriodBody::Day);
        match (self.mode.unwrap_or(ModeBody::Calendar), period) {
            (ModeBody::Calendar, PeriodBody::Day) => Ok(ReturnPeriod::Day),
            (ModeBody::Calendar, PeriodBody::Week) => Ok(ReturnPeriod::Week),
            (ModeBody::Calendar, PeriodBody::Month) => Ok(ReturnPeriod::Month),
            (ModeBody::Rolling, PeriodBody::Day) => Ok(ReturnPeriod::Rolling24Hours),
            (ModeBody::Rolling, PeriodBody::Week) => Ok(ReturnPeriod::Rolling7Days),
            (ModeBody::Rolling, PeriodBody::Month) => Err(Problem::field(
                "/mode",
                "must be `calendar` for months, which differ in length",
            )),
        }
    }

    fn measure(&self) -> Result<Measure, Problem> {
        let periods = self.periods.unwrap_or(DEFAULT_PERIODS);
        match (&self.brackets, self.measure) {
            (Some(_), Some(_)) => Err(Problem::field("/measure", "must be absent with `brackets`")),
            (Some(brackets), None) => {
                let bracket = |bracket: &Vec<u32>| match bracket.as_slice() {
                    [first, last] => Ok(Bracket { first: *first, last: *last }),
                    _ => Err(Problem::field("/brackets", "must be pairs such as [[0, 0], [1, 6]]")),
                };
                brackets.iter().map(bracket).collect::<Result<_, _>>().map(Measure::Brackets)
            }
            (None, Some(MeasureBody::OnOrAfter)) => Ok(Measure::OnOrAfter { periods }),
            (None, _) => Ok(Measure::On { periods }),
        }
    }
}

impl Behaviour {
    /// Answers a table of retention.
    pub(crate) async fn retention(
        &self,
        asker: &Asker<'_>,
        request: RetentionRequest,
    ) -> Result<RetentionAnswer, Failure> {
        let range = request.time.range;
        let since = if request.is_ever { DateTime::UNIX_EPOCH } else { range.from() };
        let retained_from = self.retained(asker, (range, "/time/from"), since).await?;
        let as_of = self.as_of().await;
        let query = ReturnQuery {
            first_in: range.from()..range.to().min(request.until),
            since,
            until: request.until,
            key: request.by.into(),
            local: asker.local(&request.time),
            first: &request.cohort,
            returns: &request.returns,
            filter: &asker.limited(request.filter.clone()),
        };
        let mut counts = RetentionCounts::new(request.retention);
        let each = |key: warehouse::KeyReturns| counts.add(&[key.first], &key.returns);
        self.reader(asker).returns(&query, each).await?;
        let known = request.until.min(as_of.unwrap_or(request.until));
        let table = counts.table(known.timestamp_millis());
        let cohort = |cohort: sequences::Cohort| RetentionCohort {
            start: cohort.from,
            size: cohort.size,
            cells: cohort.cells.into_iter().map(cell).collect(),
        };
        let average = |average: sequences::Average| RetentionAverage {
            count: average.count,
            size: average.size,
            rate: average.rate,
        };
        Ok(RetentionAnswer {
            from: range.from(),
            to: range.to(),
            tz: request.time.zone.name(),
            by: request.by,
            cohorts: table.cohorts.into_iter().map(cohort).collect(),
            averages: table.averages.into_iter().map(average).collect(),
            as_of,
            retained_from,
        })
    }
}

fn cell(cell: sequences::Cell) -> RetentionCell {
    let rate = cell.count.filter(|_| cell.size > 0).map(|count| count as f64 / cell.size as f64);
    let state = match cell.state {
        CellState::Complete => "complete",
        CellState::Partial => "partial",
        CellState::Future => "future",
    };
    RetentionCell { count: cell.count, rate, state }
}
