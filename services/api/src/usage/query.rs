use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use problem::{Code, Problem};
use serde::Deserialize;
use utoipa::IntoParams;
use warehouse::UsageQuery;

use crate::reports::moment;

/// The most days of an answer.
const MOST_DAYS: i64 = 92;
/// The days of an answer to a request that names none.
const DEFAULT_DAYS: Days = Days::new(29);

/// Which days to count.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageDaysQuery {
    /// The first day, on the tenant's clock. Default: 29 days before `to`.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-01")]
    from: Option<String>,
    /// The last day, which is counted, too. Default: today. At most 92 days are counted.
    #[param(value_type = Option<String>, format = Date, example = "2026-03-31")]
    to: Option<String>,
}

impl UsageDaysQuery {
    /// Creates the query of a list that has further parameters.
    pub(crate) fn new(from: Option<String>, to: Option<String>) -> Self {
        Self { from, to }
    }

    /// Reads the days at the time `now`, of a clock in `zone`.
    ///
    /// # Errors
    /// The first wrong parameter, and what would be correct.
    pub(crate) fn parse(
        &self,
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<RangeInclusive<NaiveDate>, Problem> {
        let day = |name, text: Option<&str>| {
            let day = text.map(str::parse::<NaiveDate>).transpose();
            day.map_err(|_| Problem::field(name, "must be a date such as 2026-03-01"))
        };
        let today = now.with_timezone(&zone).date_naive();
        let to = day("?to", self.to.as_deref())?.unwrap_or(today);
        let default = to.checked_sub_days(DEFAULT_DAYS).unwrap_or(to);
        let from = day("?from", self.from.as_deref())?.unwrap_or(default);
        let days = (to - from).num_days() + 1;
        if (1..=MOST_DAYS).contains(&days) {
            return Ok(from..=to);
        }
        let reason =
            format!("must be at most {} days before `to`, and not after it", MOST_DAYS - 1);
        Err(Problem::new(Code::InvalidRange, "The days are not valid.").with_error("?from", reason))
    }
}

/// Returns the times of these days.
///
/// # Errors
/// A day does not exist in the zone.
pub(crate) fn times(days: &RangeInclusive<NaiveDate>, zone: Tz) -> Result<UsageQuery, Problem> {
    let start = |name, day: NaiveDate| {
        moment(&day.to_string(), zone).map_err(|reason| Problem::field(name, reason))
    };
    let after = days.end().succ_opt().unwrap_or(*days.end());
    let received = start("?from", *days.start())?..start("?to", after)?;
    Ok(UsageQuery { received, zone })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(from: Option<&str>, to: Option<&str>) -> Result<RangeInclusive<NaiveDate>, Problem> {
        let now = "2026-03-01T23:30:00Z".parse().unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        UsageDaysQuery::new(owned(from), owned(to)).parse(chrono_tz::Europe::Berlin, now)
    }

    #[test]
    fn days_are_those_of_the_tenants_clock() {
        let found = days(None, None).unwrap();
        assert_eq!(found, "2026-02-01".parse().unwrap()..="2026-03-02".parse().unwrap());
        let one = days(Some("2026-03-29"), Some("2026-03-29")).unwrap();
        let times = times(&one, chrono_tz::Europe::Berlin).unwrap();
        let hours = (times.received.end - times.received.start).num_hours();
        assert_eq!(hours, 23, "the clock is set forward on this day");
    }

    #[test]
    fn wrong_days_are_named() {
        for (from, to, pointer) in [
            (Some("yesterday"), None, "?from"),
            (None, Some("2026-13-01"), "?to"),
            (Some("2026-03-02"), Some("2026-03-01"), "?from"),
            (Some("2025-01-01"), Some("2026-03-01"), "?from"),
        ] {
            let problem = days(from, to).unwrap_err();
            assert!(problem.body("r").contains(pointer), "{from:?} {to:?}");
        }
    }
}
