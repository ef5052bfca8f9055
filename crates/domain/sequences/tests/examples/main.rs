//! Worked examples whose results were computed by hand and by an independent program.
#![cfg(test)]

#[cfg(test)]
mod funnels;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod sessions;
#[cfg(test)]
use chrono::{DateTime, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Returns a time of March 2026 in UTC, such as `02T10:00:00.001`, in milliseconds since 1970.
fn march(text: &str) -> i64 {
    let time: DateTime<chrono::Utc> = format!("2026-03-{text}Z").parse().unwrap();
    time.timestamp_millis()
}

/// Returns a local time, such as `2026-03-29T01:30`, in milliseconds since 1970.
fn local(text: &str, zone: Tz) -> i64 {
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
    zone.from_local_datetime(&time).single().unwrap().timestamp_millis()
}

/// Checks a computed number against one that is written with up to 9 places.
fn assert_close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
}
