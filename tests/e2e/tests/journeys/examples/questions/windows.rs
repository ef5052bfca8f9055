use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Example, of};

pub(super) fn all() -> Vec<Example> {
    [windows(), vec![sessions(false)], compared()].into_iter().flatten().collect()
}

fn windows() -> Vec<Example> {
    let of = |from: &str, to: &str, window: Value, rows: &[&str]| {
        let [from, to] = [from, to].map(|time| format!("2026-03-02T{time}:00Z"));
        let body = json!({
            "metrics": ["impressions", "clicks", "ctr"], "window": window, "filters": self::of("w1"),
            "time": {"from": from, "to": to, "tz": "UTC"},
        });
        let compared = ("window", "to impressions clicks ctr");
        Example::new("/v1/windows", body, Vec::new(), compared, rows)
    };
    vec![
        of(
            "10:00",
            "12:00",
            json!({"type": "sliding", "size": "1h", "every": "15m"}),
            &[
                "2026-03-02T10:15:00Z 350 7 0.02",
                "2026-03-02T10:30:00Z 250 5 0.02",
                "2026-03-02T10:45:00Z 250 5 0.02",
                "2026-03-02T11:00:00Z 50 5 0.1",
                "2026-03-02T11:15:00Z 0 1 -",
                "2026-03-02T11:30:00Z 0 1 -",
                "2026-03-02T11:45:00Z 0 1 -",
                "2026-03-02T12:00:00Z 0 1 -",
            ],
        ),
        of(
            "09:00",
            "11:30",
            json!({"type": "tumbling", "size": "30m"}),
            &[
                "2026-03-02T09:30:00Z 200 3 0.015",
                "2026-03-02T10:00:00Z 200 0 0",
                "2026-03-02T10:30:00Z 50 5 0.1",
                "2026-03-02T11:00:00Z 0 0 -",
                "2026-03-02T11:30:00Z 0 1 -",
            ],
        ),
    ]
}

/// Returns the sessions, before or after the late event.
pub(in crate::examples) fn sessions(is_late: bool) -> Example {
    let (pointers, row) = match is_late {
        false => (
            vec![("/totals/sessions", "5"), ("/totals/mean_seconds", "1079.9998")],
            "5 4 9 1 0.2 1079.9998 1.25",
        ),
        true => (
            vec![("/totals/sessions", "4"), ("/totals/mean_seconds", "1800")],
            "4 4 10 1 0.25 1800 1",
        ),
    };
    let columns = "sessions keys events bounces bounce_rate mean_seconds sessions_per_key";
    let path = "/v1/sessions?from=2026-03-01&to=2026-04-01&tz=Europe/Berlin&by=customer";
    Example {
        path: path.to_owned(),
        ..Example::new("", Value::Null, pointers, ("totals", columns), &[row])
    }
}

fn compared() -> Vec<Example> {
    let body = |compare: Value, granularity: &str| {
        json!({
            "metrics": ["units_sold"], "compare": compare, "filters": of("c1"),
            "time": {"from": "2026-03-29", "to": "2026-03-30", "tz": "Europe/Berlin", "granularity": granularity},
        })
    };
    let columns = "start previous_start units_sold previous_units_sold change_units_sold";
    let total = |compare: Value, change: &'static str, row: &str| {
        let json =
            vec![("/totals/values/units_sold", "594"), ("/totals/change/units_sold", change)];
        Example::new("/v1/query", body(compare, "total"), json, ("segment", columns), &[row])
    };
    let start: DateTime<Utc> = "2026-03-28T23:00:00Z".parse().unwrap();
    let hours = (0..24).map(|hour| {
        let before = (start - TimeDelta::hours(24 - hour)).format("%Y-%m-%dT%H:%M:%SZ");
        if hour == 2 {
            return format!("- {before} - 3 -");
        }
        // At 02:00 the clock goes to 03:00.
        let now = start + TimeDelta::hours(if hour < 2 { hour } else { hour - 1 });
        let now = now.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{now} {before} {} {} 1", 2 * (hour + 1), hour + 1)
    });
    let by_hour = body(json!({"to": "previous_period"}), "hour");
    let by_hour = Example::new("/v1/query", by_hour, Vec::new(), ("segment", columns), &[]);
    vec![
        total(
            json!({"to": "previous_period"}),
            "0.98",
            "2026-03-28T23:00:00Z 2026-03-27T23:00:00Z 594 300 0.98",
        ),
        total(
            json!({"to": "previous_week"}),
            "-0.802",
            "2026-03-28T23:00:00Z 2026-03-21T23:00:00Z 594 3000 -0.802",
        ),
        total(
            json!({"to": "previous_year", "match": "weekday"}),
            "-0.98",
            "2026-03-28T23:00:00Z 2025-03-29T23:00:00Z 594 29700 -0.98",
        ),
        total(
            json!({"to": "previous_year"}),
            "2.5357142857142856",
            "2026-03-28T23:00:00Z 2025-03-28T23:00:00Z 594 168 2.5357142857142856",
        ),
        Example { rows: hours.collect(), ..by_hour },
    ]
}
