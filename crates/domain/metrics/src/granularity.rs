use std::str::FromStr;

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;

use crate::{Buckets, QuarterHour, TimeRange};

/// What a clock reads throughout a bucket: year, day or week or month, hour. It ascends with the
/// clock.
pub(crate) type Reading = (i32, u32, u32);

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

    /// The buckets that `range` touches, by the clock and calendar of `zone`.
    ///
    /// A bucket is the set of quarter hours for most of which the clock reads it, wherever the clock
    /// is set meanwhile. An hour that it shows twice in full is two buckets; an hour of which it
    /// shows a part twice is one, and so is a day. What the clock skips has no bucket.
    pub fn buckets(self, range: TimeRange, zone: Tz) -> Buckets {
        // Quarter hours are those of the stores.
        let zone = if self == Self::QuarterHour { Tz::UTC } else { zone };
        Buckets::new(self, range, zone)
    }

    /// What is the same for all moments of a bucket.
    pub(crate) fn reading(self, clock: NaiveDateTime) -> Reading {
        match self {
            Self::QuarterHour => {
                (clock.year(), clock.ordinal(), clock.hour() * 4 + clock.minute() / 15)
            }
            Self::Hour => (clock.year(), clock.ordinal(), clock.hour()),
            Self::Day => (clock.year(), clock.ordinal(), 0),
            Self::Week => (clock.iso_week().year(), clock.iso_week().week(), 0),
            Self::Month => (clock.year(), clock.month(), 0),
            Self::Total => (0, 0, 0),
        }
    }

    /// Whether what the clock reads twice, at these offsets from UTC, is one bucket: all but hours
    /// that it shows again a whole number of hours later.
    pub(crate) fn joins(self, earlier: TimeDelta, later: TimeDelta) -> bool {
        let whole_hours = (earlier - later).num_seconds() % 3600 == 0;
        self != Self::Hour || earlier == later || !whole_hours
    }

    /// Buckets begin only at multiples of this on the clock, unless it is set.
    pub(crate) const fn step(self) -> TimeDelta {
        match self {
            Self::QuarterHour => QuarterHour::LENGTH,
            Self::Hour => TimeDelta::hours(1),
            Self::Day | Self::Week | Self::Month | Self::Total => TimeDelta::days(1),
        }
    }
}

impl FromStr for Granularity {
    type Err = UnknownGranularity;

    fn from_str(text: &str) -> Result<Self, UnknownGranularity> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or(UnknownGranularity)
    }
}
