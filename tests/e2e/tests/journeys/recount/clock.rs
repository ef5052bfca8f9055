//! Buckets, by the clock of a zone.

use std::ops::Range;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

const QUARTER_HOUR: TimeDelta = TimeDelta::minutes(15);

/// Returns the first moments of the buckets of a range, which begins at a quarter hour.
pub(super) fn starts(
    range: &Range<DateTime<Utc>>,
    zone: Tz,
    granularity: &str,
) -> Vec<DateTime<Utc>> {
    let quarters = (0..).map(|index| range.start + QUARTER_HOUR * index);
    let quarters = quarters.take_while(|time| *time < range.end);
    quarters.filter(|time| *time == range.start || begins(*time, zone, granularity)).collect()
}

/// Returns whether a bucket begins at this quarter hour: where the clock shows another hour, day or
/// week than before, or a full hour again.
fn begins(time: DateTime<Utc>, zone: Tz, granularity: &str) -> bool {
    let [now, before] =
        [time, time - QUARTER_HOUR].map(|time| time.with_timezone(&zone).naive_local());
    let is_full_hour = granularity == "hour" && now.minute() == 0;
    is_full_hour || shown(now, granularity) != shown(before, granularity)
}

/// Returns the hour, day or week that the clock shows.
fn shown(local: NaiveDateTime, granularity: &str) -> (i32, u32, u32) {
    match granularity {
        "total" => (0, 0, 0),
        "hour" => (local.year(), local.ordinal(), local.hour()),
        "day" => (local.year(), local.ordinal(), 0),
        "week" => (local.iso_week().year(), local.iso_week().week(), 0),
        other => panic!("unknown granularity {other}: teach the recount"),
    }
}
