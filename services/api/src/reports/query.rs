use std::{collections::BTreeSet, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use metrics::{Distinct, Granularity, Metric, RangeError, TimeRange};
use problem::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    query::{DayOfWeek, week_begins},
    reports::{
        Reads,
        schemas::{GranularityName, MetricName},
    },
    schemas,
};

/// The length of the range if the request does not name its start.
const DEFAULT_LENGTH: TimeDelta = TimeDelta::hours(24);

/// The parameters of a campaign's metrics.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MetricsQuery {
    /// The start: RFC 3339, or a date, which begins at midnight in `tz`. Default: 24 hours before
    /// `to`. Rounded down to a quarter hour.
    #[param(value_type = Option<schemas::Moment>, example = "2019-11-24T00:00:00Z")]
    pub(crate) from: Option<String>,
    /// The end, excluded: RFC 3339 or a date. Default: now. Rounded up to a quarter hour.
    #[param(value_type = Option<schemas::Moment>, example = "2019-11-25T00:00:00Z")]
    pub(crate) to: Option<String>,
    /// The length of the buckets. Default: `hour`.
    #[param(inline, value_type = Option<GranularityName>)]
    pub(crate) granularity: Option<String>,
    /// The day on which weeks begin. Default: `monday`.
    #[param(inline, value_type = Option<DayOfWeek>)]
    pub(crate) week_begins: Option<String>,
    /// Names from `GET /v1/metrics`, separated by commas. Default: impressions, clicks, ctr, spend,
    /// cpc.
    #[param(inline, style = Form, explode = false, value_type = Option<Vec<MetricName>>)]
    pub(crate) metrics: Option<String>,
    /// The IANA time zone of the days. Default: the tenant's own.
    #[param(example = "Asia/Kolkata")]
    pub(crate) tz: Option<String>,
}

/// A valid query, with its defaults.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MetricsRequest {
    /// The range, in whole quarter hours.
    pub(crate) range: TimeRange,
    /// The length of the buckets.
    pub(crate) granularity: Granularity,
    /// The time zone whose clock the buckets follow.
    pub(crate) zone: Tz,
    /// The metrics, in the order of the request.
    pub(crate) metrics: Vec<Metric>,
}

impl MetricsRequest {
    /// Returns whether what was refunded has to be read.
    pub(crate) fn needs_refunds(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_refunds())
    }

    /// Returns whether orders that are new to a brand have to be read.
    pub(crate) fn needs_new_to_brand(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_new_to_brand())
    }

    /// Returns whether the sales of the whole shop have to be read.
    pub(crate) fn needs_total_sales(&self) -> bool {
        self.metrics.iter().any(|metric| metric.needs_total_sales())
    }

    /// Returns what its numbers are read from.
    pub(crate) fn reads(&self) -> Reads {
        let is_of_rows = self.needs_refunds() || self.needs_new_to_brand();
        match is_of_rows || !self.distincts().is_empty() {
            true => Reads::Rows,
            false => Reads::Rollups,
        }
    }

    /// Returns the distinct values that have to be counted.
    pub(crate) fn distincts(&self) -> BTreeSet<Distinct> {
        self.metrics.iter().copied().filter_map(Metric::distinct).collect()
    }
}

impl MetricsQuery {
    /// Reads the query at the time `now`, for a tenant whose days begin in `home`.
    ///
    /// # Errors
    /// Every wrong parameter, and what would be correct.
    pub(crate) fn parse(&self, home: Tz, now: DateTime<Utc>) -> Result<MetricsRequest, Problem> {
        let mut wrong = Vec::new();
        let zone = read(&mut wrong, "?tz", self.tz.as_deref(), home, |name| {
            name.parse().map_err(|_| "must be an IANA time zone such as Europe/Berlin".to_owned())
        });
        let granularity =
            read(&mut wrong, "?granularity", self.granularity.as_deref(), Granularity::Hour, named);
        let weeks =
            read(&mut wrong, "?week_begins", self.week_begins.as_deref(), Weekday::Mon, |name| {
                week_begins(Some(name))
            });
        let granularity = granularity.with_weeks_from(weeks);
        let metrics =
            read(&mut wrong, "?metrics", self.metrics.as_deref(), Metric::DEFAULT.to_vec(), list);
        let to = read(&mut wrong, "?to", self.to.as_deref(), now, |text| moment(text, zone));
        let earlier = to.checked_sub_signed(DEFAULT_LENGTH).unwrap_or(to);
        let from =
            read(&mut wrong, "?from", self.from.as_deref(), earlier, |text| moment(text, zone));
        if !wrong.is_empty() {
            let problem = Problem::new(Code::InvalidField, "A parameter is not valid.");
            return Err(wrong
                .into_iter()
                .fold(problem, |problem, (pointer, reason)| problem.with_error(pointer, reason)));
        }
        let range = TimeRange::covering(from, to).map_err(|error| {
            let pointer = match error {
                RangeError::Reversed => "?from",
                RangeError::OutOfReach => "?to",
            };
            Problem::new(Code::InvalidRange, "The time range is not valid.")
                .with_error(pointer, error.to_string())
        })?;
        within_limits(range, granularity, "?to")?;
        Ok(MetricsRequest { range, granularity, zone, metrics })
    }
}

/// Returns the parameter, or `default` if it is absent or wrong; a wrong one is added to `wrong`.
fn read<T>(
    wrong: &mut Vec<(&'static str, String)>,
    pointer: &'static str,
    text: Option<&str>,
    default: T,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> T {
    match text.map(parse) {
        None => default,
        Some(Ok(value)) => value,
        Some(Err(reason)) => {
            wrong.push((pointer, reason));
            default
        }
    }
}

fn named<T>(text: &str) -> Result<T, String>
where
    T: FromStr<Err: ToString>,
{
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn list(text: &str) -> Result<Vec<Metric>, String> {
    let mut metrics = Vec::new();
    for name in text.split(',') {
        let metric = named(name.trim())?;
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    Ok(metrics)
}

/// Reads the time in a parameter: RFC 3339, or a date, which begins at midnight in `zone`.
pub(crate) fn moment(text: &str, zone: Tz) -> Result<DateTime<Utc>, String> {
    // An unescaped `+` arrives as a space.
    let text = text.replace(' ', "+");
    if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
        return Ok(time.to_utc());
    }
    let date: NaiveDate = text.parse().map_err(|_| {
        "must be RFC 3339 such as 2026-03-01T00:00:00Z, or a date such as 2026-03-01".to_owned()
    })?;
    // If the clock skips midnight, the day begins at the first time after it.
    let midnight = date.and_time(NaiveTime::MIN);
    let steps = (0..=4).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
    let first = steps.filter_map(|time| zone.from_local_datetime(&time).earliest()).next();
    first.map(|time| time.to_utc()).ok_or_else(|| "is not a day in that time zone".to_owned())
}

/// Checks that a range does not have too many buckets.
///
/// # Errors
/// It is too long; `pointer` names its end.
pub(crate) fn within_limits(
    range: TimeRange,
    granularity: Granularity,
    pointer: &str,
) -> Result<(), Problem> {
    let longest = granularity.longest_range();
    if range.length() <= longest {
        return Ok(());
    }
    let reason = format!(
        "must be at most {} days after `from` with granularity {}",
        longest.num_days(),
        granularity.as_str()
    );
    Err(Problem::new(Code::InvalidRange, "The time range is too long.").with_error(pointer, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-03-10T12:34:56Z".parse().unwrap()
    }

    fn query(parameters: &[(&str, &str)]) -> MetricsQuery {
        let get = |name| {
            let found = parameters.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        MetricsQuery {
            from: get("from"),
            to: get("to"),
            granularity: get("granularity"),
            week_begins: get("week_begins"),
            metrics: get("metrics"),
            tz: get("tz"),
        }
    }

    fn range(parameters: &[(&str, &str)]) -> [String; 2] {
        let request = query(parameters).parse(Tz::UTC, now()).unwrap();
        [request.range.from(), request.range.to()].map(|time| time.to_rfc3339())
    }

    #[test]
    fn the_default_is_the_last_day_by_hour_in_the_tenants_zone() {
        let request = query(&[]).parse(Tz::Asia__Kolkata, now()).unwrap();
        assert_eq!(request.granularity, Granularity::Hour);
        assert_eq!(request.zone, Tz::Asia__Kolkata);
        assert_eq!(request.metrics, Metric::DEFAULT);
        assert_eq!(range(&[]), ["2026-03-09T12:30:00+00:00", "2026-03-10T12:45:00+00:00"]);
    }

    #[test]
    fn a_date_begins_at_midnight_in_the_requested_zone() {
        let parameters =
            [("from", "2026-03-01"), ("to", "2026-03-02T00:00:00 05:30"), ("tz", "Asia/Kolkata")];
        assert_eq!(range(&parameters), ["2026-02-28T18:30:00+00:00", "2026-03-01T18:30:00+00:00"]);
        let skipped = [("from", "2026-09-06"), ("to", "2026-09-07"), ("tz", "America/Santiago")];
        assert_eq!(range(&skipped), ["2026-09-06T04:00:00+00:00", "2026-09-07T03:00:00+00:00"]);
    }

    #[test]
    fn weeks_begin_on_the_requested_day() {
        let granularity = |parameters: &[(&str, &str)]| {
            query(parameters).parse(Tz::UTC, now()).unwrap().granularity
        };
        assert_eq!(granularity(&[("granularity", "week")]), Granularity::Week(Weekday::Mon));
        let sunday = [("granularity", "week"), ("week_begins", "sunday")];
        assert_eq!(granularity(&sunday), Granularity::Week(Weekday::Sun));
        assert_eq!(granularity(&sunday[1..]), Granularity::Hour);
    }

    #[test]
    fn metrics_keep_their_order_and_are_answered_once() {
        let request = query(&[("metrics", "ctr, clicks,ctr")]).parse(Tz::UTC, now()).unwrap();
        assert_eq!(request.metrics, [Metric::Ctr, Metric::Clicks]);
    }

    #[test]
    fn every_wrong_parameter_is_named_with_what_would_be_correct() {
        for (parameters, code, pointer, right) in [
            (&[("metrics", "clics")][..], "invalid_field", "?metrics", "conversion_rate"),
            (&[("metrics", "")], "invalid_field", "?metrics", "impressions"),
            (&[("granularity", "minute")], "invalid_field", "?granularity", "15m, hour, day"),
            (&[("week_begins", "mon")], "invalid_field", "?week_begins", "monday, tuesday"),
            (&[("tz", "Mars/Olympus")], "invalid_field", "?tz", "Europe/Berlin"),
            (&[("from", "yesterday")], "invalid_field", "?from", "RFC 3339"),
            (&[("to", "2026-13-01")], "invalid_field", "?to", "2026-03-01"),
            (
                &[("from", "2026-03-02"), ("to", "2026-03-01")],
                "invalid_range",
                "?from",
                "before `to`",
            ),
            (
                &[("from", "2026-03-01"), ("to", "2026-03-01")],
                "invalid_range",
                "?from",
                "before `to`",
            ),
            (&[("from", "1960-01-01")], "invalid_range", "?to", "between 1970"),
            (
                &[("from", "2026-01-01"), ("to", "2026-02-02"), ("granularity", "15m")],
                "invalid_range",
                "?to",
                "31 days",
            ),
            (
                &[("from", "2024-01-01"), ("to", "2026-01-01"), ("granularity", "hour")],
                "invalid_range",
                "?to",
                "366 days",
            ),
            (
                &[("from", "2015-01-01"), ("to", "2026-01-01"), ("granularity", "day")],
                "invalid_range",
                "?to",
                "days after `from`",
            ),
        ] {
            let problem = query(parameters).parse(Tz::UTC, now()).unwrap_err();
            let body = problem.body("r");
            assert_eq!(problem.code().as_str(), code, "{parameters:?}");
            assert_eq!(problem.kind().status(), 422, "{parameters:?}");
            assert!(body.contains(&format!(r#""pointer":"{pointer}""#)), "{parameters:?}: {body}");
            assert!(body.contains(right), "{parameters:?}: {body}");
        }
    }

    #[test]
    fn all_wrong_parameters_are_named_at_once() {
        let problem = query(&[("tz", "x"), ("granularity", "y"), ("from", "z")])
            .parse(Tz::UTC, now())
            .unwrap_err();
        let body = problem.body("r");
        for pointer in ["?tz", "?granularity", "?from"] {
            assert!(body.contains(pointer), "{body}");
        }
    }
}
