use chrono::Weekday;
use chrono_tz::Tz;
use metrics::{Align, Comparison, Match, Period, TimeRange};
use problem::{Code, Problem};

use super::{
    body::CompareBody,
    parse::{Time, covering},
};
use crate::reports::{moment, within_limits};

/// Reads the earlier period of a query of this time, whose weeks begin on a day.
///
/// # Errors
/// A wrong field, and what would be correct.
pub(super) fn read(
    body: &CompareBody,
    Time { range, granularity, zone }: Time,
    weeks: Weekday,
) -> Result<(Comparison, TimeRange), Problem> {
    let matched = match body.matched.as_deref() {
        None | Some("date") => Match::Date,
        Some("weekday") => Match::Weekday,
        Some(_) => return Err(Problem::field("/compare/match", "must be `date` or `weekday`")),
    };
    let align = match body.align.as_deref() {
        None | Some("clock") => Align::Clock,
        Some("elapsed") if body.to == "custom" => {
            let reason = "must be `clock` with `custom`, which has an end of its own";
            return Err(Problem::field("/compare/align", reason));
        }
        Some("elapsed") => Align::Elapsed { weeks },
        Some(_) => return Err(Problem::field("/compare/align", "must be `clock` or `elapsed`")),
    };
    let period = match body.to.as_str() {
        "previous_period" => Period::Previous,
        "previous_week" => Period::Week,
        "previous_year" => Period::Year,
        "custom" => Period::Custom(custom(body, zone)?),
        _ => {
            let reason = "must be one of previous_period, previous_week, previous_year, custom";
            return Err(Problem::field("/compare/to", reason));
        }
    };
    if !matches!(period, Period::Custom(_)) && (body.from.is_some() || body.until.is_some()) {
        let reason = "must be `custom` if `from` and `until` are given";
        return Err(Problem::field("/compare/to", reason));
    }
    if let Period::Custom(custom) = period {
        within_limits(custom, granularity, "/compare/until")?;
    }
    let comparison = Comparison { period, matched, align };
    let earlier = comparison.range(range, zone).map_err(|error| {
        Problem::new(Code::InvalidRange, "The time range of the comparison is not valid.")
            .with_error("/compare", error.to_string())
    })?;
    Ok((comparison, earlier))
}

fn custom(body: &CompareBody, zone: Tz) -> Result<TimeRange, Problem> {
    let time = |pointer: &'static str, text: Option<&str>| {
        let text = text.ok_or_else(|| Problem::field(pointer, "is required with `custom`"))?;
        moment(text, zone).map_err(|reason| Problem::field(pointer, reason))
    };
    let from = time("/compare/from", body.from.as_deref())?;
    let until = time("/compare/until", body.until.as_deref())?;
    covering(from, until, "/compare/from")
}
