mod sheet;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::{Dimension, EventTest, Filter};
use problem::Problem;
use sequences::{Funnel, FunnelBreakdown, FunnelCounts, Span, TimesToConvert};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use warehouse::{KeyEvents, MomentQuery};

use super::{
    Asker, Behaviour,
    breakdown::{Breakdown, BreakdownBody, FunnelByValue},
    fields::{By, EventBody, duration, event_test, invalid, until},
};
use crate::{
    cohorts::{NamedCohort, NamesCohorts},
    dimensions::Home,
    failure::Failure,
    query::{FilterBody, Format, Time, TimeBody, filters, names},
    reports::schemas::DimensionName,
};

/// How long a funnel takes at most if the request does not tell: 7 days.
const DEFAULT_WINDOW: TimeDelta = TimeDelta::days(7);

/// A funnel.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FunnelBody {
    /// The steps, 2 to 20. A step may occur again.
    #[schema(min_items = 2, max_items = 20)]
    pub(crate) steps: Vec<EventBody>,
    /// When the first step is taken; later ones may lie after it. Without `granularity`.
    #[serde(default)]
    pub(crate) time: TimeBody,
    /// How long after the first step the last one may be taken, inclusive: such as `24h`. Default: `7d`.
    #[schema(example = "24h")]
    pub(crate) window: Option<String>,
    /// How long after a step the next one may be taken. Default: as long as `window` allows.
    #[schema(example = "30m")]
    pub(crate) step_window: Option<String>,
    /// `ordered`: other events may lie between steps; `strict`: none of the same key. Default:
    /// `ordered`.
    pub(crate) order: Option<Order>,
    /// Events that may not lie between two steps.
    #[serde(default)]
    #[schema(max_items = 32)]
    pub(crate) exclude: Vec<ExclusionBody>,
    /// What the events of a funnel have in common. Default: `visitor`.
    #[serde(default)]
    pub(crate) by: By,
    /// A dimension whose value they have in common as well, such as `product`.
    #[schema(value_type = Option<DimensionName>)]
    pub(crate) hold: Option<String>,
    /// Counts by a dimension of the first step as well.
    pub(crate) breakdown: Option<BreakdownBody>,
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

/// What may lie between the steps of a funnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    Ordered,
    Strict,
}

/// Events that may not lie between two steps.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExclusionBody {
    /// The type of the event.
    #[schema(example = "remove_from_cart")]
    event: String,
    /// Only events for which it holds.
    filters: Option<FilterBody>,
    /// The two steps, counted from 1.
    #[schema(value_type = Vec<u32>, min_items = 2, max_items = 2, example = json!([2, 3]))]
    between: Vec<usize>,
}

/// The answer to a funnel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelAnswer {
    /// The start of the range of first steps.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// The time zone of the range.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// What the events of a funnel have in common.
    by: By,
    /// The window, in seconds.
    window_seconds: i64,
    /// The steps.
    steps: Vec<FunnelStep>,
    /// The share of entries that took the last step; `null` without an entry.
    total_rate: Option<f64>,
    /// The seconds from the first step to the last, of those that took it.
    seconds: Option<FunnelSeconds>,
    /// The same by the values of the breakdown, if the funnel asks for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    breakdown: Option<FunnelByValue>,
    /// Entries that would have come farther without an excluded event.
    excluded: u64,
    /// Entries whose window is not over: they may still take further steps.
    open: u64,
    /// Events of the funnel that are left out because they have no key.
    without_key: u64,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Present if events are read from before it: events that were received before this time have been deleted by the
    /// tenant's retention, so the numbers of that part may be too small.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
}

/// A step of a funnel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelStep {
    /// The type of the event.
    event: String,
    /// How many took it: keys, or with `hold` pairs of a key and a value.
    count: u64,
    /// How many keys took it.
    keys: u64,
    /// The share of those that took the step before; `null` for the first step.
    rate: Option<f64>,
}

/// Statistics of durations, in seconds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FunnelSeconds {
    /// Half of them took at most so long.
    median: f64,
    /// The mean.
    mean: f64,
    /// Nine of ten took at most so long.
    p90: f64,
}

impl From<TimesToConvert> for FunnelSeconds {
    fn from(times: TimesToConvert) -> Self {
        let TimesToConvert { median, mean, p90 } = times;
        Self { median, mean, p90 }
    }
}

/// A valid funnel.
#[derive(Debug)]
pub(crate) struct FunnelRequest {
    names: Vec<String>,
    steps: Vec<Filter<EventTest>>,
    exclusions: Vec<Filter<EventTest>>,
    funnel: Funnel,
    pub(crate) time: Time,
    /// The form of the answer, if it names one.
    pub(crate) format: Option<Format>,
    window: TimeDelta,
    is_strict: bool,
    by: By,
    hold: Option<Dimension>,
    breakdown: Option<Breakdown>,
    filter: Filter<EventTest>,
    until: DateTime<Utc>,
}

impl NamesCohorts for FunnelBody {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        let steps = self.steps.iter_mut().flat_map(EventBody::cohorts);
        let exclusions = self.exclude.iter_mut().flat_map(|exclusion| exclusion.filters.cohorts());
        steps.chain(exclusions).chain(self.filters.cohorts()).collect()
    }
}

impl FunnelBody {
    /// Reads the funnel of a tenant at the time `now`.
    ///
    /// # Errors
    /// A wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<FunnelRequest, Problem> {
        let known = home.dimensions;
        self.time.without_buckets("is not possible: a funnel has one bucket")?;
        let time = self.time.parse("/time/", home.zone, now)?;
        let window = self.window.as_deref().map(|text| duration(text, "/window"));
        let window = window.transpose()?.unwrap_or(DEFAULT_WINDOW);
        let [from, to] = [time.range.from(), time.range.to()].map(|time| time.timestamp_millis());
        let entries = Span::new(from, to).map_err(|error| invalid(error, "/time"))?;
        let mut funnel = Funnel::new(self.steps.len(), window.num_milliseconds(), entries)
            .map_err(|error| invalid(error, "/steps"))?;
        if let Some(text) = &self.step_window {
            let limit = duration(text, "/step_window")?.num_milliseconds();
            funnel =
                funnel.with_step_window(limit).map_err(|error| invalid(error, "/step_window"))?;
        }
        let is_strict = self.order == Some(Order::Strict);
        if is_strict {
            funnel = funnel.strict();
        }
        let mut exclusions = Vec::new();
        for (index, exclusion) in self.exclude.iter().enumerate() {
            let pointer = format!("/exclude/{index}");
            // Anything but two steps is refused as two equal ones are.
            let (earlier, later) = match exclusion.between.as_slice() {
                [earlier, later] => earlier.checked_sub(1).zip(later.checked_sub(1)),
                _ => None,
            }
            .unwrap_or((0, 0));
            funnel = funnel
                .excluding(earlier, later)
                .map_err(|error| invalid(error, &format!("{pointer}/between")))?;
            let ExclusionBody { event, filters, .. } = exclusion;
            exclusions.push(event_test(event, filters.as_ref(), &pointer, known)?);
        }
        let steps = self.steps.iter().enumerate();
        let steps = steps.map(|(index, step)| step.parse(&format!("/steps/{index}"), known));
        let hold = self.hold.as_deref().map(|name| {
            let dimension = names::dimension(name, known).and_then(names::of_any_event);
            dimension.map_err(|reason| Problem::field("/hold", reason))
        });
        let hold = hold.transpose()?;
        let breakdown = self.breakdown.as_ref().map(|body| body.parse(hold.as_ref(), known));
        Ok(FunnelRequest {
            names: self.steps.iter().map(|step| step.event.clone()).collect(),
            steps: steps.collect::<Result<_, _>>()?,
            exclusions,
            funnel,
            time,
            format: Format::asked(self.format.as_deref(), "/format")?,
            window,
            is_strict,
            by: self.by,
            breakdown: breakdown.transpose()?,
            hold,
            filter: filters::of_events(self.filters.as_ref(), "/filters", known)?,
            until: until(self.as_of.as_deref(), now)?,
        })
    }
}

impl FunnelRequest {
    /// Returns whether no event matches two steps: they are of different types.
    fn are_steps_disjoint(&self) -> bool {
        self.names.iter().collect::<BTreeSet<_>>().len() == self.names.len()
    }
}

impl Behaviour {
    /// Answers a funnel.
    pub(crate) async fn funnel(
        &self,
        asker: &Asker<'_>,
        request: &FunnelRequest,
    ) -> Result<FunnelAnswer, Failure> {
        let range = request.time.range;
        let retained_from = self.retained(asker, (range, "/time/from"), range.from()).await?;
        let as_of = self.as_of().await;
        let query = MomentQuery {
            time: range.from()..(range.to() + request.window).min(request.until),
            key: request.by.into(),
            held: request.hold.as_ref(),
            breakdown: request.breakdown.as_ref().map(|breakdown| &breakdown.dimension),
            local: asker.local(&request.time),
            steps: &request.steps,
            exclusions: &request.exclusions,
            are_steps_disjoint: request.are_steps_disjoint(),
            all: request.is_strict,
            filter: &asker.limited(request.filter.clone()),
        };
        let now = request.until.min(as_of.unwrap_or(request.until)).timestamp_millis();
        let mut counts = FunnelCounts::new(&request.funnel);
        let mut by_value = FunnelBreakdown::new(&request.funnel);
        let mut keys = vec![0; request.funnel.steps()];
        let each = |events: KeyEvents| {
            let mut deepest = 0;
            for (moments, values) in events.moments.iter().zip(&events.values) {
                let Some(attempt) = request.funnel.attempt(moments, now) else {
                    continue;
                };
                counts.add(&attempt);
                deepest = deepest.max(attempt.depth());
                let value = values.get(attempt.entry().position);
                if let Some(value) = value
                    .filter(|_| request.breakdown.is_some() && !Breakdown::is_too_large(&by_value))
                {
                    by_value.add(value, &attempt);
                }
            }
            keys.iter_mut().take(deepest).for_each(|count| *count += 1);
        };
        let without_key = self.reader(asker).moments(&query, each).await?;
        let breakdown = request
            .breakdown
            .as_ref()
            .map(|breakdown| breakdown.answer(by_value, &request.names))
            .transpose()?;
        let totals = counts.totals();
        let rates = std::iter::once(None).chain(totals.step_rates);
        let steps = request.names.iter().zip(totals.counts).zip(keys).zip(rates);
        Ok(FunnelAnswer {
            from: range.from(),
            to: range.to(),
            tz: request.time.zone.name(),
            by: request.by,
            window_seconds: request.window.num_seconds(),
            steps: steps
                .map(|(((event, count), keys), rate)| FunnelStep {
                    event: event.clone(),
                    count,
                    keys,
                    rate,
                })
                .collect(),
            total_rate: totals.total_rate,
            seconds: totals.times.map(FunnelSeconds::from),
            breakdown,
            excluded: totals.excluded,
            open: totals.open,
            without_key,
            as_of,
            retained_from,
        })
    }
}
