use chrono::{DateTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use metrics::{Dimension, Dimensions, Filter, Granularity, Metric, RangeError, TimeRange};
use problem::{Code, Problem};

use super::{
    body::{QueryBody, TimeBody, TopBody},
    compare,
    compatible::{compatible, level},
    cursor,
    filters::{self, Filters},
    names,
    request::{Column, Direction, QueryRequest, Top},
    week::week_begins,
};
use crate::{
    behaviour::QueryAttributionBody,
    dimensions::Home,
    reports::{moment, within_limits},
};

const DEFAULT_LENGTH: TimeDelta = TimeDelta::hours(24);
const MOST_METRICS: usize = 20;
const MOST_DIMENSIONS: usize = 4;
const MOST_ORDER: usize = 8;
const DEFAULT_LIMIT: usize = 100;
/// The most segments of a page, and of a top.
const MOST_SEGMENTS: usize = 1_000;
/// The most numbers of a page.
const MOST_NUMBERS: usize = 500_000;

/// The wrong fields of a query, by JSON pointer.
#[derive(Default)]
struct Wrong(Vec<(String, String)>);

impl QueryBody {
    /// Reads the query of a tenant at the time `now`; a file has all segments unless the query limits
    /// them.
    ///
    /// # Errors
    /// Every wrong field, and what would be correct.
    pub(crate) fn parse(
        &self,
        is_file: bool,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<QueryRequest, Problem> {
        let mut wrong = Wrong::default();
        let metrics = match self.metrics.len() {
            1..=MOST_METRICS => wrong.names("/metrics", &self.metrics, names::metric),
            _ => {
                wrong.add("/metrics", format!("must have 1 to {MOST_METRICS} metrics"));
                Vec::new()
            }
        };
        let dimension = |name: &str| names::dimension(name, home.dimensions);
        let dimensions = match self.dimensions.len() {
            0..=MOST_DIMENSIONS => wrong.names("/dimensions", &self.dimensions, dimension),
            _ => {
                wrong.add("/dimensions", format!("must have at most {MOST_DIMENSIONS} dimensions"));
                Vec::new()
            }
        };
        let filters = self.filters.as_ref();
        let filters = filters.map(|body| filters::read(body, &dimensions, home.dimensions));
        let filters = filters.transpose().unwrap_or_else(|(pointer, reason)| {
            wrong.add(pointer, reason);
            None
        });
        let filters =
            filters.unwrap_or(Filters { events: Filter::EVERYTHING, segments: Filter::EVERYTHING });
        let top = self.top.as_ref().and_then(|body| wrong.top(body, &dimensions));
        let order = wrong.order(&self.order, &metrics, &dimensions, home.dimensions);
        // A file has all segments: it would not show that some are missing.
        let default_limit = if is_file { usize::MAX } else { DEFAULT_LIMIT };
        let limit = wrong.number("/limit", self.limit, default_limit);
        let time = wrong.time(&self.time, "/time/", home.zone, now);
        wrong.none()?;

        let weeks = time.weeks;
        let time = time.checked("/time/")?;
        let Time { range, granularity, zone } = time;
        let comparison = self.compare.as_ref().map(|body| compare::read(body, time, weeks));
        let comparison = comparison.transpose()?;
        let attribution = self.attribution.as_ref().map(QueryAttributionBody::parse);
        let attribution = attribution.transpose()?.flatten();
        let level = level(&dimensions, &filters);
        let mut request = QueryRequest {
            metrics,
            dimensions,
            range,
            granularity,
            zone,
            events: filters.events,
            segments: filters.segments,
            attribution,
            comparison,
            top,
            order,
            limit,
            after: None,
            level,
            explain: self.explain,
        };
        compatible(&request)?;
        if request.limit <= MOST_SEGMENTS {
            request.not_too_large(request.limit)?;
        }
        let after = self.cursor.as_deref().map(|cursor| cursor::open(cursor, &request));
        request.after = after.transpose()?;
        Ok(request)
    }
}

impl Wrong {
    fn add(&mut self, pointer: impl Into<String>, reason: impl Into<String>) {
        self.0.push((pointer.into(), reason.into()));
    }

    fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let problem = Problem::new(Code::InvalidField, "A field of the query is not valid.");
        Err(self
            .0
            .into_iter()
            .fold(problem, |problem, (pointer, reason)| problem.with_error(pointer, reason)))
    }

    fn read<T>(&mut self, pointer: &str, read: Result<T, String>, instead: T) -> T {
        read.unwrap_or_else(|reason| {
            self.add(pointer, reason);
            instead
        })
    }

    /// Reads names, each once.
    fn names<T: PartialEq>(
        &mut self,
        pointer: &str,
        names: &[String],
        named: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut found = Vec::new();
        for (index, name) in names.iter().enumerate() {
            match named(name) {
                Ok(own) if found.contains(&own) => {}
                Ok(own) => found.push(own),
                Err(reason) => self.add(format!("{pointer}/{index}"), reason),
            }
        }
        found
    }

    fn number(&mut self, pointer: &str, number: Option<u64>, default: usize) -> usize {
        let Some(number) = number else {
            return default;
        };
        let number = usize::try_from(number).ok();
        number.filter(|number| (1..=MOST_SEGMENTS).contains(number)).unwrap_or_else(|| {
            self.add(pointer, format!("must be 1 to {MOST_SEGMENTS}"));
            default
        })
    }

    fn top(&mut self, body: &TopBody, dimensions: &[Dimension]) -> Option<Top> {
        if dimensions.is_empty() {
            self.add("/top", "needs at least one of `dimensions`");
        }
        let n = self.number("/top/n", Some(body.n), 1);
        match names::metric(&body.by) {
            Ok(by) => Some(Top { n, by, others: body.others }),
            Err(reason) => {
                self.add("/top/by", reason);
                None
            }
        }
    }

    /// Reads the order, and completes it by all dimensions.
    fn order(
        &mut self,
        pairs: &[Vec<String>],
        metrics: &[Metric],
        dimensions: &[Dimension],
        known: &Dimensions,
    ) -> Vec<(Column, Direction)> {
        if pairs.len() > MOST_ORDER {
            self.add("/order", format!("must have at most {MOST_ORDER} pairs"));
        }
        let mut order = Vec::new();
        for (index, pair) in pairs.iter().enumerate().take(MOST_ORDER) {
            let [name, direction] = pair.as_slice() else {
                let reason = "must be a pair such as [\"sales\", \"desc\"]";
                self.add(format!("/order/{index}"), reason);
                continue;
            };
            let column = self.column(name, dimensions, known, &format!("/order/{index}/0"));
            let direction = match direction.as_str() {
                "asc" => Some(Direction::Ascending),
                "desc" => Some(Direction::Descending),
                _ => {
                    self.add(format!("/order/{index}/1"), "must be `asc` or `desc`");
                    None
                }
            };
            order.extend(column.zip(direction));
        }
        if pairs.is_empty() {
            let first = metrics.first().copied().map(Column::Metric);
            order.extend(first.map(|column| (column, Direction::Descending)));
        }
        for dimension in dimensions {
            let column = Column::Dimension(dimension.clone());
            if order.iter().all(|(own, _)| *own != column) {
                order.push((column, Direction::Ascending));
            }
        }
        order
    }

    fn column(
        &mut self,
        name: &str,
        dimensions: &[Dimension],
        known: &Dimensions,
        pointer: &str,
    ) -> Option<Column> {
        if let Some(dimension) = dimensions.iter().find(|own| own.as_str() == name) {
            return Some(Column::Dimension(dimension.clone()));
        }
        if known.named(name).is_some() {
            self.add(pointer, format!("`{name}` is not one of `dimensions`"));
            return None;
        }
        match names::metric(name) {
            Ok(metric) => Some(Column::Metric(metric)),
            Err(reason) => {
                self.add(pointer, reason);
                None
            }
        }
    }

    /// Reads a range of time, its buckets and its zone; `at` precedes the names of the fields.
    fn time(&mut self, body: &TimeBody, at: &str, home: Tz, now: DateTime<Utc>) -> GivenTime {
        let pointer = |name: &str| format!("{at}{name}");
        let zone = body.tz.as_deref().map_or(Ok(home), |name| {
            name.parse().map_err(|_| "must be an IANA time zone such as Europe/Berlin".to_owned())
        });
        let zone = self.read(&pointer("tz"), zone, home);
        let granularity = body.granularity.as_deref().map_or(Ok(Granularity::Total), |name| {
            name.parse().map_err(|error: metrics::UnknownGranularity| error.to_string())
        });
        let granularity = self.read(&pointer("granularity"), granularity, Granularity::Total);
        let weeks = week_begins(body.week_begins.as_deref());
        let weeks = self.read(&pointer("week_begins"), weeks, Weekday::Mon);
        let to = body.to.as_deref().map_or(Ok(now), |text| moment(text, zone));
        let to = self.read(&pointer("to"), to, now);
        let earlier = to.checked_sub_signed(DEFAULT_LENGTH).unwrap_or(to);
        let from = body.from.as_deref().map_or(Ok(earlier), |text| moment(text, zone));
        let from = self.read(&pointer("from"), from, earlier);
        GivenTime { from, to, granularity: granularity.with_weeks_from(weeks), weeks, zone }
    }
}

/// A time of a request, of which each field is valid.
struct GivenTime {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    granularity: Granularity,
    /// The day on which weeks begin.
    weeks: Weekday,
    zone: Tz,
}

/// A valid range of time, with its buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) range: TimeRange,
    pub(crate) granularity: Granularity,
    pub(crate) zone: Tz,
}

impl Time {
    /// Returns the name of a file, with the range and the zone.
    pub(crate) fn file_name(&self, what: &str, ending: &str) -> String {
        let local = |time: DateTime<Utc>| time.with_timezone(&self.zone).format("%Y-%m-%dT%H%M");
        let [from, to] = [self.range.from(), self.range.to()].map(local);
        let zone = self.zone.name().replace('/', "-");
        format!("{what}_{from}_{to}_{zone}.{ending}")
    }
}

impl GivenTime {
    fn checked(self, at: &str) -> Result<Time, Problem> {
        let Self { from, to, granularity, zone, .. } = self;
        let range = covering(from, to, &format!("{at}from"))?;
        within_limits(range, granularity, &format!("{at}to"))?;
        Ok(Time { range, granularity, zone })
    }
}

impl TimeBody {
    /// Reads the range at the time `now`, for a tenant whose days begin in `home`; `at` precedes the
    /// names of the fields in errors.
    ///
    /// # Errors
    /// Every wrong field, and what would be correct.
    pub(crate) fn parse(&self, at: &str, home: Tz, now: DateTime<Utc>) -> Result<Time, Problem> {
        let mut wrong = Wrong::default();
        let time = wrong.time(self, at, home, now);
        wrong.none()?;
        time.checked(at)
    }
}

/// Returns the range from a time to another; `pointer` names its start.
///
/// # Errors
/// It is empty, reversed, or out of reach.
pub(super) fn covering(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    pointer: &str,
) -> Result<TimeRange, Problem> {
    TimeRange::covering(from, to).map_err(|error| {
        let problem = Problem::new(Code::InvalidRange, "The time range is not valid.");
        match error {
            RangeError::Reversed => problem.with_error(
                pointer,
                "must be before the end, which is excluded: a date means the midnight that begins it",
            ),
            RangeError::OutOfReach => problem.with_error(pointer, error.to_string()),
        }
    })
}

impl QueryRequest {
    /// Returns its time.
    pub(crate) fn time(&self) -> Time {
        let Self { range, granularity, zone, .. } = *self;
        Time { range, granularity, zone }
    }

    /// Checks that an answer of some segments does not have too many numbers.
    ///
    /// # Errors
    /// It has.
    pub(super) fn not_too_large(&self, segments: usize) -> Result<(), Problem> {
        let buckets = |range: TimeRange| self.granularity.buckets(range, self.zone).starts().len();
        let earlier = self.comparison.map_or(0, |(_, earlier)| 2 * buckets(earlier));
        let segments = if self.dimensions.is_empty() { 1 } else { segments };
        let each = (buckets(self.range) + earlier) * self.metrics.len();
        let numbers = segments.saturating_mul(each);
        if numbers <= MOST_NUMBERS {
            return Ok(());
        }
        let reason = format!(
            "{segments} segments would have {numbers} numbers, more than {MOST_NUMBERS}: lower it, or \
             ask for a coarser granularity"
        );
        Err(Problem::field("/limit", reason))
    }
}

#[cfg(test)]
mod tests {
    use metrics::{DeclaredDimension, Dimensions, PropertyType};

    use super::*;

    #[test]
    fn a_query_by_a_dimension_that_is_declared_anew_is_another_query() {
        let body: QueryBody =
            web::read_json(br#"{"metrics": ["events"], "dimensions": ["tier"]}"#).unwrap();
        let query_of = |pointer: &str, kind| {
            let (name, pointer) = ("tier".parse().unwrap(), pointer.parse().unwrap());
            let declared = DeclaredDimension { name, pointer, kind };
            let home = Home { zone: Tz::UTC, dimensions: &Dimensions::from_iter([declared]) };
            body.parse(false, home, "2026-03-10T12:34:56Z".parse().unwrap()).unwrap()
        };
        let tier = query_of("/properties/tier", PropertyType::String);
        assert_eq!(tier, query_of("/properties/tier", PropertyType::String));
        assert_ne!(tier, query_of("/properties/tier", PropertyType::Integer));
        assert_ne!(tier, query_of("/properties/loyalty", PropertyType::String));
    }
}
