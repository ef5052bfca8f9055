//! Tumbling and sliding windows, by the worked example and at transitions.
#![cfg(test)]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::{America::New_York, Asia::Kolkata, Europe::Berlin, Tz};
use metrics::{
    Counter, Distincts, Metric, QuarterHour, Sums, TimeRange, TimeWindow, Value, WindowError,
    Windows,
};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn range(from: &str, to: &str) -> TimeRange {
    TimeRange::covering(at(from), at(to)).unwrap()
}

/// The impressions and clicks of some quarter hours of the 2nd of March 2026.
fn quarters() -> BTreeMap<DateTime<Utc>, Sums> {
    [("09:00", 100, 1), ("09:15", 100, 2), ("09:45", 200, 0), ("10:00", 50, 5), ("11:00", 0, 1)]
        .into_iter()
        .map(|(time, impressions, clicks)| {
            let mut sums = Sums::default();
            sums.add_count(Counter::Impressions, None, impressions);
            sums.add_count(Counter::Clicks, None, clicks);
            (at(&format!("2026-03-02T{time}:00Z")), sums)
        })
        .collect()
}

/// Sums quarter hours by step.
fn by_step(
    windows: &Windows,
    quarters: &BTreeMap<DateTime<Utc>, Sums>,
) -> BTreeMap<DateTime<Utc>, Sums> {
    let within = quarters.iter().filter(|(time, _)| windows.range().contains(**time));
    let folded = metrics::fold(windows.steps(), within.map(|(time, sums)| (*time, sums)));
    windows.steps().starts().iter().copied().zip(folded).collect()
}

/// Returns the end of each window, its impressions and clicks, and their ratio.
fn shown(windows: &Windows) -> Vec<(String, u64, u64, Value)> {
    let euro = "EUR".parse().unwrap();
    let sums = windows.fold(&by_step(windows, &quarters()));
    let row = |(window, sums): (&TimeWindow, Sums)| {
        let ctr = Metric::Ctr.value(&sums, euro, euro, Distincts::default());
        let counts = [Counter::Impressions, Counter::Clicks].map(|one| sums.count(one));
        (window.to.format("%H:%M").to_string(), counts[0], counts[1], ctr)
    };
    windows.all().iter().zip(sums).map(row).collect()
}

fn expected(rows: &[(&str, u64, u64, Value)]) -> Vec<(String, u64, u64, Value)> {
    rows.iter().map(|(end, shown, clicks, ctr)| ((*end).into(), *shown, *clicks, *ctr)).collect()
}

#[test]
fn sliding_windows_contain_what_lies_before_the_range() {
    let range = range("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z");
    let windows = Windows::sliding(range, TimeDelta::hours(1), QuarterHour::LENGTH, Berlin);
    let rows = [
        ("10:15", 350, 7, Value::Ratio(0.02)),
        ("10:30", 250, 5, Value::Ratio(0.02)),
        ("10:45", 250, 5, Value::Ratio(0.02)),
        ("11:00", 50, 5, Value::Ratio(0.1)),
        ("11:15", 0, 1, Value::Null),
        ("11:30", 0, 1, Value::Null),
        ("11:45", 0, 1, Value::Null),
        ("12:00", 0, 1, Value::Null),
    ];
    assert_eq!(shown(&windows.unwrap()), expected(&rows));
}

#[test]
fn a_time_is_in_as_many_windows_as_overlap() {
    let range = range("2026-03-02T10:00:00Z", "2026-03-02T12:00:00Z");
    let windows = Windows::sliding(range, TimeDelta::hours(1), QuarterHour::LENGTH, Berlin);
    let windows = windows.unwrap();
    for (time, expected) in [
        ("2026-03-02T09:14:59Z", 0..0),
        ("2026-03-02T09:15:00Z", 0..1),
        ("2026-03-02T10:15:00Z", 1..5),
        ("2026-03-02T11:59:59Z", 7..8),
        ("2026-03-02T12:00:00Z", 8..8),
    ] {
        assert_eq!(windows.that_contain(time.parse().unwrap()), expected, "{time}");
    }
}

#[test]
fn tumbling_windows_follow_each_other() {
    let range = range("2026-03-02T09:00:00Z", "2026-03-02T11:30:00Z");
    let windows = Windows::tumbling(range, TimeDelta::minutes(30), Berlin).unwrap();
    let rows = [
        ("09:30", 200, 3, Value::Ratio(0.015)),
        ("10:00", 200, 0, Value::Ratio(0.0)),
        ("10:30", 50, 5, Value::Ratio(0.1)),
        ("11:00", 0, 0, Value::Null),
        ("11:30", 0, 1, Value::Null),
    ];
    assert_eq!(shown(&windows), expected(&rows));
}

/// Returns the starts of tumbling windows, by the local clock.
fn starts(range: TimeRange, size: TimeDelta, zone: Tz) -> Vec<String> {
    let windows = Windows::tumbling(range, size, zone).unwrap();
    let local = |window: &TimeWindow| window.from.with_timezone(&zone).to_rfc3339();
    windows.all().iter().map(local).collect()
}

#[test]
fn windows_are_aligned_to_the_local_clock_and_cut_to_the_range() {
    let morning = range("2026-03-02T01:00:00Z", "2026-03-02T13:00:00Z");
    assert_eq!(
        starts(morning, TimeDelta::hours(6), Kolkata),
        ["2026-03-02T06:30:00+05:30", "2026-03-02T12:00:00+05:30", "2026-03-02T18:00:00+05:30"]
    );
}

#[test]
fn a_window_with_a_transition_is_longer_or_shorter() {
    let autumn = range("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z");
    assert_eq!(
        starts(autumn, TimeDelta::hours(12), Berlin),
        ["2026-10-25T00:00:00+02:00", "2026-10-25T12:00:00+01:00"]
    );
    let hours = range("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z");
    assert_eq!(
        starts(hours, TimeDelta::hours(1), Berlin),
        ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]
    );
    let days = range("2026-10-30T04:00:00Z", "2026-11-03T05:00:00Z");
    assert_eq!(
        starts(days, TimeDelta::days(2), New_York),
        ["2026-10-30T00:00:00-04:00", "2026-11-01T00:00:00-04:00"]
    );
}

#[test]
fn a_sliding_window_of_days_follows_the_calendar() {
    let range = range("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z");
    let windows = Windows::sliding(range, TimeDelta::days(2), TimeDelta::days(1), Berlin).unwrap();
    let window = TimeWindow { from: at("2026-03-28T23:00:00Z"), to: at("2026-03-30T22:00:00Z") };
    assert_eq!(windows.all(), [window], "47 hours");
    assert_eq!((windows.overlap(), windows.steps().starts().len()), (2, 2));
}

#[test]
fn impossible_windows_are_refused() {
    let day = range("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z");
    let year = range("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
    let minutes = TimeDelta::minutes;
    for size in [minutes(0), minutes(10), minutes(25 * 60), minutes(75), TimeDelta::days(367)] {
        assert_eq!(Windows::tumbling(day, size, Berlin), Err(WindowError::Size), "{size}");
    }
    assert_eq!(Windows::tumbling(year, minutes(15), Berlin), Err(WindowError::TooMany));
    let sliding = |range, size, every| Windows::sliding(range, size, every, Berlin);
    assert_eq!(sliding(day, minutes(60), minutes(7)), Err(WindowError::Every));
    assert_eq!(sliding(day, minutes(60), TimeDelta::days(2)), Err(WindowError::Every));
    assert_eq!(sliding(day, minutes(50), minutes(15)), Err(WindowError::Multiple));
    assert_eq!(sliding(day, minutes(15), minutes(30)), Err(WindowError::Multiple));
    assert_eq!(sliding(day, TimeDelta::days(4), minutes(15)), Err(WindowError::Multiple));
    assert_eq!(sliding(year, minutes(60), minutes(15)), Err(WindowError::TooMany));
    let moment = range("2026-03-01T10:15:00Z", "2026-03-01T10:30:00Z");
    assert_eq!(sliding(moment, minutes(60), minutes(60)), Err(WindowError::None));
}

proptest::proptest! {
    #[test]
    fn a_window_has_the_events_of_its_time_and_no_others(
        clicks in proptest::collection::vec(0u64..5, 200),
        from in 0i64..2_000_000,
        overlap in 1i32..12,
        size in 0usize..4,
        zone in 0usize..600,
    ) {
        let zone = chrono_tz::TZ_VARIANTS[zone % chrono_tz::TZ_VARIANTS.len()];
        let every = [15, 30, 60, 120].map(TimeDelta::minutes)[size];
        let start = QuarterHour::containing(DateTime::from_timestamp(from * 900, 0).unwrap());
        let quarters: BTreeMap<_, _> = (0..).zip(&clicks).map(|(index, clicks)| {
            let mut sums = Sums::default();
            sums.add_count(Counter::Clicks, None, *clicks);
            (start.start() + QuarterHour::LENGTH * index, sums)
        }).collect();
        let begin = start.start() + QuarterHour::LENGTH * 120;
        let range = TimeRange::covering(begin, begin + TimeDelta::hours(18)).unwrap();
        let windows = Windows::sliding(range, every * overlap, every, zone).unwrap();
        let folded = windows.fold(&by_step(&windows, &quarters));
        proptest::prop_assert_eq!(folded.len(), windows.all().len());
        for (window, sums) in windows.all().iter().zip(folded) {
            let counted = quarters.range(window.from..window.to).map(|(_, sums)| sums.count(Counter::Clicks));
            proptest::prop_assert_eq!(sums.count(Counter::Clicks), counted.sum::<u64>());
            proptest::prop_assert!(range.from() < window.to && window.to <= range.to());
        }
    }
}
