use chrono::DateTime;
use sequences::{Span, Windows};

use super::{HOUR, MINUTE, march};

/// The impressions and clicks of W1 by the start of a quarter hour.
const W1: [(&str, u32, u32); 9] = [
    ("09:00", 100, 1),
    ("09:15", 100, 2),
    ("09:30", 0, 0),
    ("09:45", 200, 0),
    ("10:00", 50, 5),
    ("10:15", 0, 0),
    ("10:30", 0, 0),
    ("10:45", 0, 0),
    ("11:00", 0, 1),
];

fn at(time: &str) -> i64 {
    march(&format!("02T{time}:00"))
}

/// Returns each window's bounds, impressions, clicks and click-through rate.
fn rows(windows: Windows) -> Vec<String> {
    let clock = |time| DateTime::from_timestamp_millis(time).unwrap().format("%H:%M").to_string();
    let windows = windows.all().into_iter();
    let row = |window: Span| {
        let within = W1.iter().filter(|(start, ..)| window.contains(at(start)));
        let (impressions, clicks) =
            within.fold((0, 0), |sums, quarter| (sums.0 + quarter.1, sums.1 + quarter.2));
        let rate = (impressions > 0).then(|| f64::from(clicks) / f64::from(impressions));
        let rate = rate.map_or("null".to_owned(), |rate| rate.to_string());
        let (from, to) = (clock(window.from()), clock(window.to()));
        format!("{from}-{to} {impressions} {clicks} {rate}")
    };
    windows.map(row).collect()
}

#[test]
fn w1_an_hour_slides_by_a_quarter_hour() {
    let range = Span::new(at("10:00"), at("12:00")).unwrap();
    let windows = Windows::sliding(range, HOUR, 15 * MINUTE).unwrap();
    assert_eq!(
        rows(windows),
        [
            "09:15-10:15 350 7 0.02",
            "09:30-10:30 250 5 0.02",
            "09:45-10:45 250 5 0.02",
            "10:00-11:00 50 5 0.1",
            "10:15-11:15 0 1 null",
            "10:30-11:30 0 1 null",
            "10:45-11:45 0 1 null",
            "11:00-12:00 0 1 null",
        ]
    );
}

#[test]
fn w1_half_hours_follow_each_other() {
    let range = Span::new(at("09:00"), at("11:30")).unwrap();
    let windows = Windows::tumbling(range, 30 * MINUTE).unwrap();
    assert_eq!(
        rows(windows),
        [
            "09:00-09:30 200 3 0.015",
            "09:30-10:00 200 0 0",
            "10:00-10:30 50 5 0.1",
            "10:30-11:00 0 0 null",
            "11:00-11:30 0 1 null",
        ]
    );
}
