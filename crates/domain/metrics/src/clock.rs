use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::{QuarterHour, TimeRange};

/// Where in a quarter hour the local time is read. A transition may cut a quarter hour; the offset
/// at its middle holds for most of it.
const MIDDLE: TimeDelta = TimeDelta::seconds(450);

/// Consecutive quarter hours without a transition of the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EvenStretch {
    /// Start of the first quarter hour.
    pub(crate) from: DateTime<Utc>,
    /// End of the last quarter hour.
    pub(crate) to: DateTime<Utc>,
    /// The zone's offset from UTC.
    pub(crate) offset: TimeDelta,
}

impl EvenStretch {
    /// Returns the stretches of `range`, in order and without gaps.
    pub(crate) fn all(range: TimeRange, zone: Tz) -> Vec<Self> {
        let mut stretches = Vec::new();
        let (mut from, mut offset) = (range.from(), offset_at(range.from(), zone));
        let mut time = from;
        while time < range.to() {
            // No zone changes its offset and back within a day.
            let day = time + TimeDelta::days(1);
            time = if offset_at(day, zone) == offset {
                day
            } else {
                QuarterHour::containing(time).end()
            };
            let next = offset_at(time, zone);
            if next != offset && time < range.to() {
                stretches.push(Self { from, to: time, offset });
                (from, offset) = (time, next);
            }
        }
        stretches.push(Self { from, to: range.to(), offset });
        stretches
    }

    /// Returns the local time in the quarter hour that begins at `time`.
    pub(crate) fn reading(&self, time: DateTime<Utc>) -> NaiveDateTime {
        (time + MIDDLE + self.offset).naive_utc()
    }

    /// Returns the start of the first quarter hour after `time` in which the local time has passed
    /// a multiple of `step`: the next full hour, or midnight.
    pub(crate) fn next_multiple(&self, time: DateTime<Utc>, step: TimeDelta) -> DateTime<Utc> {
        let reading = self.reading(time);
        let into = reading.and_utc().timestamp().rem_euclid(step.num_seconds().max(1));
        let boundary = time + step - TimeDelta::seconds(into);
        QuarterHour::containing(boundary + QuarterHour::LENGTH - TimeDelta::seconds(1)).start()
    }
}

fn offset_at(time: DateTime<Utc>, zone: Tz) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&(time + MIDDLE).naive_utc()).fix();
    TimeDelta::seconds(i64::from(offset.local_minus_utc()))
}
