mod sheet;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use metrics::{EventTest, Filter, Granularity};
use problem::Problem;
use sequences::{Session, SessionCounts, SessionGap};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use warehouse::TimeQuery;

use super::{
    Asker, Behaviour,
    fields::{By, duration, invalid},
};
use crate::{
    cohorts::{NamedCohort, NamesCohorts},
    failure::Failure,
    query::{DayOfWeek, Format, Time, TimeBody},
    reports::schemas::GranularityName,
    schemas,
};

/// How long a pause within a session may be if the request does not tell.
const DEFAULT_GAP: TimeDelta = TimeDelta::minutes(30);

/// How far beyond the range events of a session are looked for: a session that is longer is cut.
const MARGIN: TimeDelta = TimeDelta::hours(24);

/// The parameters of sessions.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionsQuery {
    /// The start: RFC 3339, or a date, which begins at midnight in `tz`. Default: 24 hours before
    /// `to`.
    #[param(value_type = Option<schemas::Moment>)]
    from: Option<String>,
    /// The end, excluded. Default: now.
    #[param(value_type = Option<schemas::Moment>)]
    to: Option<String>,
    /// The IANA time zone of the days. Default: the tenant's own.
    #[param(example = "Europe/Berlin")]
    tz: Option<String>,
    /// The length of the buckets. Default: `total`.
    #[param(inline, value_type = Option<GranularityName>)]
    granularity: Option<String>,
    /// The day on which weeks begin. Default: `monday`.
    #[param(inline, value_type = Option<DayOfWeek>)]
    week_begins: Option<String>,
    /// The longest pause within a session, 1 minute to 8 hours. Default: `30m`.
    #[param(example = "30m")]
    gap: Option<String>,
    /// `visitor` or `customer`. Default: `visitor`.
    #[param(value_type = Option<String>)]
    by: Option<String>,
    /// The id of a kept cohort: only events of its visitors or customers. Default: all events.
    #[param(value_type = Option<uuid::Uuid>)]
    cohort: Option<NamedCohort>,
    /// The form of the answer: `json`, or a file: `ndjson`, `csv`, `parquet` or `arrow`. Default: by the
    /// header `Accept`.
    #[param(example = "csv")]
    pub(crate) format: Option<String>,
}

/// The sessions of a range. A session belongs to the bucket in which it begins; neither midnight nor a
/// campaign splits it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionsAnswer {
    /// The start of the range.
    from: DateTime<Utc>,
    /// Its end, excluded.
    to: DateTime<Utc>,
    /// The time zone whose clock the buckets follow.
    #[schema(example = "Europe/Berlin")]
    tz: &'static str,
    /// The length of the buckets.
    #[schema(example = "day")]
    granularity: &'static str,
    /// What the events of a session have in common.
    by: By,
    /// The longest pause within a session, in seconds.
    gap_seconds: i64,
    totals: SessionNumbers,
    /// The buckets, including empty ones.
    series: Vec<SessionBucket>,
    /// Events that are left out because they have no key.
    without_key: u64,
    /// Everything received before this time is counted; `null` while it is unknown.
    as_of: Option<DateTime<Utc>>,
    /// Present if events are read from before it: events that were received before this time have been deleted by the
    /// tenant's retention, so the numbers of that part may be too small.
    #[serde(skip_serializing_if = "Option::is_none")]
    retained_from: Option<DateTime<Utc>>,
}

/// The sessions that begin in a bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionBucket {
    /// Its start.
    start: DateTime<Utc>,
    #[serde(flatten)]
    numbers: SessionNumbers,
}

/// Numbers of sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SessionNumbers {
    /// The number of sessions.
    sessions: u64,
    /// The number of visitors or customers with a session.
    keys: u64,
    /// The number of events in all sessions.
    events: u64,
    /// The number of sessions with a single event.
    bounces: u64,
    /// The share of bounces; `null` without a session.
    bounce_rate: Option<f64>,
    /// The mean length in seconds; `null` without a session.
    mean_seconds: Option<f64>,
    /// The mean number of sessions of a visitor or customer; `null` without one.
    sessions_per_key: Option<f64>,
}

/// A valid question about sessions.
#[derive(Debug)]
pub(crate) struct SessionsRequest {
    pub(crate) time: Time,
    /// The form of the answer, if it names one.
    pub(crate) format: Option<Format>,
    gap: SessionGap,
    gap_length: TimeDelta,
    by: By,
    filter: Filter<EventTest>,
}

impl NamesCohorts for SessionsQuery {
    fn cohorts(&mut self) -> Vec<&mut NamedCohort> {
        self.cohort.iter_mut().collect()
    }
}

impl SessionsQuery {
    /// Reads the parameters at the time `now`, for a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// A wrong parameter, and what would be correct.
    pub(crate) fn parse(self, home: Tz, now: DateTime<Utc>) -> Result<SessionsRequest, Problem> {
        let Self { from, to, tz, granularity, week_begins, gap, by, cohort, format } = self;
        let time = TimeBody { from, to, tz, granularity, week_begins }.parse("?", home, now)?;
        let length = gap.as_deref().map(|text| duration(text, "?gap"));
        let gap_length = length.transpose()?.unwrap_or(DEFAULT_GAP);
        let gap = SessionGap::new(gap_length.num_milliseconds())
            .map_err(|error| invalid(error, "?gap"))?;
        let by = match by.as_deref() {
            None | Some("visitor") => By::Visitor,
            Some("customer") => By::Customer,
            Some(_) => return Err(Problem::field("?by", "must be `visitor` or `customer`")),
        };
        let filter = match cohort.map(|named| named.membership()).transpose() {
            Ok(Some(membership)) => Filter::Test(EventTest::Member(membership)),
            Ok(None) => Filter::EVERYTHING,
            Err(reason) => return Err(Problem::field("?cohort", reason)),
        };
        let format = Format::asked(format.as_deref(), "?format")?;
        Ok(SessionsRequest { time, format, gap, gap_length, by, filter })
    }
}

impl Behaviour {
    /// Counts the sessions that begin in a range.
    pub(crate) async fn sessions(
        &self,
        asker: &Asker<'_>,
        request: &SessionsRequest,
    ) -> Result<SessionsAnswer, Failure> {
        let Time { range, granularity, zone } = request.time;
        let read_from = range.from() - MARGIN;
        let retained_from = self.retained(asker, (range, "?from"), read_from).await?;
        let as_of = self.as_of().await;
        let query = TimeQuery {
            time: read_from..range.to() + MARGIN,
            begun: range.from()..range.to(),
            key: request.by.into(),
            local: asker.local(&request.time),
            filter: &asker.limited(request.filter.clone()),
        };
        let buckets = granularity.buckets(range, zone);
        let mut totals = SessionCounts::default();
        let mut series = vec![SessionCounts::default(); buckets.starts().len()];
        let begins = |session: &Session| DateTime::from_timestamp_millis(session.from);
        let each = |times: &[i64]| {
            let sessions = request.gap.split(times);
            let within: Vec<_> = sessions
                .filter(|session| begins(session).is_some_and(|time| range.contains(time)))
                .collect();
            totals.add(within.iter().copied());
            let mut by_bucket = BTreeMap::<usize, Vec<Session>>::new();
            for session in within {
                if let Some(bucket) = begins(&session).and_then(|time| buckets.position(time)) {
                    by_bucket.entry(bucket).or_default().push(session);
                }
            }
            for (bucket, sessions) in by_bucket {
                if let Some(counts) = series.get_mut(bucket) {
                    counts.add(sessions);
                }
            }
        };
        let without_key = self.reader(asker).times(&query, each).await?;
        let series = match granularity {
            Granularity::Total => Vec::new(),
            _ => buckets
                .starts()
                .iter()
                .zip(&series)
                .map(|(start, counts)| SessionBucket { start: *start, numbers: numbers(counts) })
                .collect(),
        };
        Ok(SessionsAnswer {
            from: range.from(),
            to: range.to(),
            tz: zone.name(),
            granularity: granularity.as_str(),
            by: request.by,
            gap_seconds: request.gap_length.num_seconds(),
            totals: numbers(&totals),
            series,
            without_key,
            as_of,
            retained_from,
        })
    }
}

fn numbers(counts: &SessionCounts) -> SessionNumbers {
    SessionNumbers {
        sessions: counts.sessions,
        keys: counts.keys,
        events: counts.events,
        bounces: counts.bounces,
        bounce_rate: counts.bounce_rate(),
        mean_seconds: counts.mean_seconds(),
        sessions_per_key: counts.sessions_per_key(),
    }
}
