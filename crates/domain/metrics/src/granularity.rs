use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, Offset, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::{QuarterHour, TimeRange};

/// How long the buckets of an answer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// Fifteen minutes.
    QuarterHour,
    /// Hours of the zone's clock.
    Hour,
    /// Days of the zone's calendar: 23 or 25 hours long twice a year in many.
    Day,
    /// Weeks of the zone's calendar, from Monday (ISO 8601).
    Week,
    /// Months of the zone's calendar.
    Month,
    /// One bucket.
    Total,
}

/// The text names no granularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of 15m, hour, day, week, month, total")]
pub struct UnknownGranularity;

impl Granularity {
    /// Every one, from fine to coarse.
    pub const ALL: [Self; 6] =
        [Self::QuarterHour, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Total];

    /// The name used in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuarterHour => "15m",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Total => "total",
        }
    }

    /// The longest range that may be asked for, which bounds the number of buckets.
    pub const fn longest_range(self) -> TimeDelta {
        match self {
            Self::QuarterHour => TimeDelta::days(31),
            Self::Hour => TimeDelta::days(366),
            Self::Day | Self::Week | Self::Month | Self::Total => TimeDelta::days(5 * 366),
        }
    }

    /// The starts of the buckets that `range` touches, ascending. The first is cut to the range.
    pub fn starts(self, range: TimeRange, zone: Tz) -> Vec<DateTime<Utc>> {
        let mut starts = vec![range.from()];
        while let Some(next) = starts.last().and_then(|last| self.next(*last, zone)) {
            if next >= range.to() {
                break;
            }
            starts.push(next);
        }
        starts
    }

    /// The start of the bucket after the one that `time` falls in; `None` when there is only one.
    fn next(self, time: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let date = time.with_timezone(&zone).date_naive();
        let next_date = match self {
            Self::QuarterHour => return Some(QuarterHour::containing(time).end()),
            Self::Hour => return Some(next_hour(time, zone)),
            Self::Day => date.checked_add_days(Days::new(1)),
            Self::Week => date.week(Weekday::Mon).checked_last_day()?.succ_opt(),
            Self::Month => first_of_next_month(date),
            Self::Total => None,
        };
        first_moment(next_date?, zone)
    }
}

/// The next full hour on the zone's clock.
fn next_hour(time: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
    let hour = TimeDelta::hours(1);
    let into_hour = |time: DateTime<Utc>| {
        let offset = time.with_timezone(&zone).offset().fix().local_minus_utc();
        TimeDelta::seconds((time.timestamp() + i64::from(offset)).rem_euclid(hour.num_seconds()))
    };
    let next = time + hour - into_hour(time);
    let past = into_hour(next);
    // Where the clock jumped by part of an hour meanwhile, this bucket lasts that much longer.
    if past.is_zero() { next } else { next + hour - past }
}

fn first_of_next_month(date: NaiveDate) -> Option<NaiveDate> {
    match date.month() {
        12 => NaiveDate::from_ymd_opt(date.year() + 1, 1, 1),
        month => NaiveDate::from_ymd_opt(date.year(), month + 1, 1),
    }
}

/// The first moment of `date` in `zone`: midnight, or later where the clock skips midnight.
fn first_moment(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = date.and_hms_opt(0, 0, 0)?;
    (0..=8)
        .filter_map(|quarters| midnight.checked_add_signed(QuarterHour::LENGTH * quarters))
        .find_map(|local| zone.from_local_datetime(&local).earliest())
        .map(|moment| moment.to_utc())
}

impl FromStr for Granularity {
    type Err = UnknownGranularity;

    fn from_str(text: &str) -> Result<Self, UnknownGranularity> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownGranularity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(granularity: Granularity, from: &str, to: &str, zone: Tz) -> Vec<String> {
        let range = TimeRange::covering(from.parse().unwrap(), to.parse().unwrap()).unwrap();
        let starts = granularity.starts(range, zone);
        starts.iter().map(|start| start.with_timezone(&zone).to_rfc3339()).collect()
    }

    #[test]
    fn hours_in_india_begin_at_half_past_in_utc() {
        let starts = starts(
            Granularity::Hour,
            "2026-03-01T00:00:00Z",
            "2026-03-01T02:00:00Z",
            chrono_tz::Asia::Kolkata,
        );
        assert_eq!(
            starts,
            ["2026-03-01T05:30:00+05:30", "2026-03-01T06:00:00+05:30", "2026-03-01T07:00:00+05:30"]
        );
    }

    #[test]
    fn the_day_the_clock_changes_is_a_day() {
        let zone = chrono_tz::Europe::Berlin;
        let days = starts(Granularity::Day, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", zone);
        assert_eq!(
            days,
            ["2026-03-28T00:00:00+01:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"]
        );
    }

    #[test]
    fn the_hour_that_comes_twice_is_two_hours() {
        let zone = chrono_tz::Europe::Berlin;
        let hours = starts(Granularity::Hour, "2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z", zone);
        assert_eq!(
            hours,
            ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"]
        );
    }

    #[test]
    fn an_hour_in_which_the_clock_jumps_half_an_hour_lasts_longer() {
        let zone = chrono_tz::Australia::Lord_Howe;
        let hours = starts(Granularity::Hour, "2026-04-04T14:00:00Z", "2026-04-04T17:00:00Z", zone);
        assert_eq!(
            hours,
            ["2026-04-05T01:00:00+11:00", "2026-04-05T02:00:00+10:30", "2026-04-05T03:00:00+10:30"]
        );
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_begins_when_the_clock_does() {
        let zone = chrono_tz::America::Santiago;
        let days = starts(Granularity::Day, "2026-09-05T04:00:00Z", "2026-09-07T03:00:00Z", zone);
        assert_eq!(days[1], "2026-09-06T01:00:00-03:00");
    }

    #[test]
    fn weeks_begin_on_monday_and_months_on_the_first() {
        let weeks =
            starts(Granularity::Week, "2026-03-04T00:00:00Z", "2026-03-17T00:00:00Z", Tz::UTC);
        assert_eq!(
            weeks,
            ["2026-03-04T00:00:00+00:00", "2026-03-09T00:00:00+00:00", "2026-03-16T00:00:00+00:00"]
        );
        let months =
            starts(Granularity::Month, "2026-12-30T00:00:00Z", "2027-02-02T00:00:00Z", Tz::UTC);
        assert_eq!(
            months,
            ["2026-12-30T00:00:00+00:00", "2027-01-01T00:00:00+00:00", "2027-02-01T00:00:00+00:00"]
        );
    }

    #[test]
    fn the_total_is_one_bucket() {
        let total =
            starts(Granularity::Total, "2020-01-01T00:00:00Z", "2024-01-01T00:00:00Z", Tz::UTC);
        assert_eq!(total.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn buckets_ascend_and_stay_within_the_range(
            from in 0i64..4_000_000_000, length in 900i64..2_600_000, zone in 0usize..600, which in 0usize..6,
        ) {
            let zone = chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()];
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let range = TimeRange::covering(at(from), at(from + length)).unwrap();
            let starts = Granularity::ALL[which].starts(range, zone);
            proptest::prop_assert_eq!(starts[0], range.from());
            proptest::prop_assert!(starts.windows(2).all(|pair| pair[0] < pair[1]));
            proptest::prop_assert!(*starts.last().unwrap() < range.to());
        }
    }
}
