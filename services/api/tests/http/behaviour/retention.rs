use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};

use super::{VIEW, ask, event};
use crate::{query::insert, stand::Stand};

/// Returns the size of each cohort, and its cells as text: `3 2 2 0* -`.
fn table(answer: &Value) -> Vec<(String, u64, String)> {
    let cell = |cell: &Value| match cell["state"].as_str().unwrap() {
        "complete" => cell["count"].to_string(),
        "partial" => format!("{}*", cell["count"]),
        _ => "-".to_owned(),
    };
    let cohorts = answer["cohorts"].as_array().unwrap().iter();
    cohorts
        .map(|cohort| {
            let cells: Vec<_> = cohort["cells"].as_array().unwrap().iter().map(cell).collect();
            let start = cohort["start"].as_str().unwrap().to_owned();
            (start, cohort["size"].as_u64().unwrap(), cells.join(" "))
        })
        .collect()
}

fn rows(expected: &[(&str, u64, &str)]) -> Vec<(String, u64, String)> {
    expected
        .iter()
        .map(|(start, size, cells)| ((*start).to_owned(), *size, (*cells).to_owned()))
        .collect()
}

#[actix_web::test]
async fn retention_follows_the_calendar_or_each_visitors_own_days() {
    let stand = Stand::new().await;
    // The 29th of March 2026 has 23 hours in Berlin.
    let local = [
        ("A", "28T23:45"),
        ("A", "29T00:01"),
        ("B", "28T12:00"),
        ("B", "29T12:00"),
        ("B", "30T11:30"),
        ("C", "28T10:00"),
        ("C", "30T10:00"),
        ("D", "29T01:30"),
        ("D", "30T00:30"),
        ("D", "31T09:00"),
        ("E", "29T23:30"),
        ("F", "30T08:00"),
        ("F", "31T08:00"),
        ("G", "20T10:00"),
        ("G", "28T15:00"),
        ("G", "31T10:00"),
    ];
    let events = local.map(|(visitor, time)| {
        let local: chrono::NaiveDateTime = format!("2026-03-{time}:00").parse().unwrap();
        let time = local.and_local_timezone(Berlin).unwrap().to_utc().to_rfc3339();
        event(visitor, &time, VIEW, &[])
    });
    insert(&stand, events).await;
    let asked = async |first: &str, mode: &str| {
        let body = json!({
            "cohort": {"event": VIEW}, "first": first, "mode": mode, "periods": 4,
            "time": {"from": "2026-03-28", "to": "2026-03-31", "tz": "Europe/Berlin"},
            "as_of": "2026-03-31T12:00:00+02:00",
        });
        ask(&stand, "/v1/retention", body).await
    };
    for (mode, first, expected, average) in [
        (
            "calendar",
            "ever",
            [
                ("2026-03-28", 3, "3 2 2 0*"),
                ("2026-03-29", 2, "2 1 1* -"),
                ("2026-03-30", 1, "1 1* - -"),
            ],
            3.0 / 5.0,
        ),
        (
            "calendar",
            "in_range",
            [
                ("2026-03-28", 4, "4 2 2 1*"),
                ("2026-03-29", 2, "2 1 1* -"),
                ("2026-03-30", 1, "1 1* - -"),
            ],
            3.0 / 6.0,
        ),
        (
            "rolling",
            "ever",
            [
                ("2026-03-28", 3, "3 2 0* 0*"),
                ("2026-03-29", 2, "2 0* 1* -"),
                ("2026-03-30", 1, "1* 1* - -"),
            ],
            2.0 / 3.0,
        ),
        (
            "rolling",
            "in_range",
            [
                ("2026-03-28", 4, "4 2 1* 0*"),
                ("2026-03-29", 2, "2 0* 1* -"),
                ("2026-03-30", 1, "1* 1* - -"),
            ],
            2.0 / 4.0,
        ),
    ] {
        let answer = asked(first, mode).await;
        assert_eq!(table(&answer), rows(&expected), "{mode} {first}");
        assert_eq!(answer["averages"][1]["rate"], average, "{mode} {first}");
    }
}

#[actix_web::test]
async fn weeks_begin_as_asked_and_periods_can_be_brackets() {
    let stand = Stand::new().await;
    let days = [
        ("h", "2"),
        ("h", "9"),
        ("h", "23"),
        ("i", "3"),
        ("i", "23"),
        ("j", "8"),
        ("k", "9"),
        ("k", "10"),
        ("k", "16"),
        ("l", "15"),
        ("l", "30"),
        ("m", "16"),
    ];
    let events = days
        .map(|(visitor, day)| event(visitor, &format!("2026-03-{day:0>2}T12:00:00Z"), VIEW, &[]));
    insert(&stand, events).await;
    let asked = async |more: Value| {
        let mut body = json!({
            "cohort": {"event": VIEW}, "period": "week", "periods": 5,
            "time": {"from": "2026-03-02", "to": "2026-03-23", "tz": "Europe/Berlin"},
            "as_of": "2026-04-02T12:00:00Z",
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        table(&ask(&stand, "/v1/retention", body).await)
    };
    let on = [
        ("2026-03-02", 3, "3 1 0 2 0*"),
        ("2026-03-09", 2, "2 1 0 1* -"),
        ("2026-03-16", 1, "1 0 0* - -"),
    ];
    assert_eq!(asked(json!({})).await, rows(&on));
    let or_after = [
        ("2026-03-02", 3, "3 2 2 2 0*"),
        ("2026-03-09", 2, "2 2 1 1* -"),
        ("2026-03-16", 1, "1 0 0* - -"),
    ];
    assert_eq!(asked(json!({"measure": "on_or_after"})).await, rows(&or_after));
    let brackets =
        [("2026-03-02", 3, "3 1 2*"), ("2026-03-09", 2, "2 1 1*"), ("2026-03-16", 1, "1 0* -")];
    assert_eq!(asked(json!({"brackets": [[0, 0], [1, 2], [3, 4]]})).await, rows(&brackets));
    let sundays = asked(json!({"week_begins": "sunday", "periods": 1})).await;
    let starts: Vec<_> = sundays.into_iter().map(|(start, ..)| start).collect();
    assert_eq!(starts, ["2026-03-01", "2026-03-08", "2026-03-15", "2026-03-22"]);
}
