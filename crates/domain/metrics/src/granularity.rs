use std::str::FromStr;

use chrono::{Datelike, Days, NaiveDateTime, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;

use crate::{Buckets, QuarterHour, TimeRange};

/// The local time that all moments of a bucket share: year, then day, week or month, then hour. It
/// ascends with local time.
pub(crate) type Reading = (i32, u32, u32);

/// The length of the buckets of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// Fifteen minutes.
    QuarterHour,
    /// Hours of the zone's local time.
    Hour,
    /// Days of the zone's calendar; in many zones 23 or 25 hours long twice a year.
    Day,
    /// Weeks of the zone's calendar, which begin on this day.
    Week(Weekday),
    /// Months of the zone's calendar.
    Month,
    /// Quarters of the zone's calendar.
    Quarter,
    /// Years of the zone's calendar.
    Year,
    /// One bucket.
    Total,
}

/// The text is not the name of a granularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of 15m, hour, day, week, month, quarter, year, total")]
pub struct UnknownGranularity;

impl Granularity {
    /// Every granularity, from fine to coarse; weeks begin on Monday (ISO 8601).
    pub const ALL: [Self; 8] = [
        Self::QuarterHour,
        Self::Hour,
        Self::Day,
        Self::Week(Weekday::Mon),
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::Total,
    ];

    /// Returns the same granularity, with weeks that begin on `day`.
    #[must_use]
    pub const fn with_weeks_from(self, day: Weekday) -> Self {
        match self {
            Self::Week(_) => Self::Week(day),
            other => other,
        }
    }

    /// Returns the name used in requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QuarterHour => "15m",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week(_) => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::Total => "total",
        }
    }

    /// Returns the longest range of a request, which limits the number of buckets.
    pub const fn longest_range(self) -> TimeDelta {
        match self {
            Self::QuarterHour => TimeDelta::days(31),
            Self::Hour => TimeDelta::days(366),
            Self::Day | Self::Week(_) | Self::Month | Self::Quarter | Self::Year | Self::Total => {
                TimeDelta::days(5 * 366)
            }
        }
    }

    /// Returns the buckets that `range` touches, by the local time and calendar of `zone`.
    ///
    /// A bucket is the set of quarter hours that have its local time for most of their minutes,
    /// across transitions. An hour that occurs twice in full is two buckets. An hour or a day of
    /// which a part occurs twice is one bucket. Local time that is skipped has no bucket.
    pub fn buckets(self, range: TimeRange, zone: Tz) -> Buckets {
        // Quarter hours are those of the stores, in UTC.
        let zone = if self == Self::QuarterHour { Tz::UTC } else { zone };
        Buckets::new(self, range, zone)
    }

    /// Returns the part of the local time that all moments of a bucket share.
    pub(crate) fn reading(self, clock: NaiveDateTime) -> Reading {
        match self {
            Self::QuarterHour => {
                (clock.year(), clock.ordinal(), clock.hour() * 4 + clock.minute() / 15)
            }
            Self::Hour => (clock.year(), clock.ordinal(), clock.hour()),
            Self::Day => (clock.year(), clock.ordinal(), 0),
            Self::Week(begin) => {
                let since = Days::new(clock.weekday().days_since(begin).into());
                let first = clock.checked_sub_days(since).unwrap_or(clock);
                (first.year(), first.ordinal(), 0)
            }
            Self::Month => (clock.year(), clock.month(), 0),
            Self::Quarter => (clock.year(), clock.month0() / 3, 0),
            Self::Year => (clock.year(), 0, 0),
            Self::Total => (0, 0, 0),
        }
    }

    /// Returns whether the same local time at these two offsets from UTC is one bucket. Only hours
    /// that occur again a whole number of hours later are separate buckets.
    pub(crate) fn joins(self, earlier: TimeDelta, later: TimeDelta) -> bool {
        let whole_hours = (earlier - later).num_seconds() % 3600 == 0;
        self != Self::Hour || earlier == later || !whole_hours
    }

    /// Returns the step of local time at whose multiples buckets begin, except at transitions.
    pub(crate) const fn step(self) -> TimeDelta {
        match self {
            Self::QuarterHour => QuarterHour::LENGTH,
            Self::Hour => TimeDelta::hours(1),
            Self::Day | Self::Week(_) | Self::Month | Self::Quarter | Self::Year | Self::Total => {
                TimeDelta::days(1)
            }
        }
    }
}

impl FromStr for Granularity {
    type Err = UnknownGranularity;

    fn from_str(text: &str) -> Result<Self, UnknownGranularity> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownGranularity)
    }
}
