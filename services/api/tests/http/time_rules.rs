use serde_json::{Value, json};

use crate::{query::insert, stand::Stand};

/// Returns a click of a campaign.
fn click(time: &str) -> Value {
    json!({"type": "ad_click", "event_time": time, "campaign_id": "spring"})
}

async fn ask(stand: &Stand, body: Value) -> Value {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Returns the start of each bucket, and its clicks.
fn clicks(rows: &Value) -> Vec<(&str, u64)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| {
        let values = row.get("values").unwrap_or(row);
        (row["start"].as_str().unwrap(), values["clicks"].as_u64().unwrap())
    })
    .collect()
}

#[actix_web::test]
async fn weeks_begin_on_the_day_that_the_request_names() {
    let stand = Stand::new().await;
    // A Saturday, a Sunday and a Monday.
    let times = ["2026-03-07T12:00:00Z", "2026-03-08T12:00:00Z", "2026-03-09T12:00:00Z"];
    insert(&stand, times.map(click)).await;
    let body = |change: Value| {
        let mut time = json!({
            "from": "2026-03-01", "to": "2026-03-15", "tz": "Europe/Berlin", "granularity": "week",
        });
        time.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"metrics": ["clicks"], "time": time})
    };
    let from_sunday = [("2026-02-28T23:00:00Z", 1), ("2026-03-07T23:00:00Z", 2)];
    let from_monday =
        [("2026-02-28T23:00:00Z", 0), ("2026-03-01T23:00:00Z", 2), ("2026-03-08T23:00:00Z", 1)];
    let sunday = ask(&stand, body(json!({"week_begins": "sunday"}))).await;
    assert_eq!(clicks(&sunday["rows"]), from_sunday);
    assert_eq!(sunday["query"]["time"]["week_begins"], "sunday");
    let default = ask(&stand, body(json!({}))).await;
    assert_eq!(clicks(&default["rows"]), from_monday);
    assert_eq!(default["query"]["time"]["week_begins"], "monday");
    let days = ask(&stand, body(json!({"granularity": "day", "week_begins": "sunday"}))).await;
    assert_eq!(days["query"]["time"].get("week_begins"), None);

    // The same buckets in the series of a campaign and in sessions.
    let key = stand.key("acme", "read");
    let path = "/v1/campaigns/spring/metrics?metrics=clicks&granularity=week&week_begins=sunday\
                &from=2026-03-01&to=2026-03-15&tz=Europe/Berlin";
    let series = stand.get(path, &key).await.body;
    assert_eq!(clicks(&series["series"]), from_sunday);
    let path = "/v1/sessions?granularity=week&week_begins=sunday&from=2026-03-01&to=2026-03-15\
                &tz=Europe/Berlin";
    let sessions = stand.get(path, &key).await.body;
    let starts = sessions["series"].as_array().unwrap().iter().map(|bucket| &bucket["start"]);
    assert!(starts.eq(["2026-02-28T23:00:00Z", "2026-03-07T23:00:00Z"]), "{sessions}");
}

#[actix_web::test]
async fn a_part_of_a_month_is_compared_with_the_same_elapsed_part_of_the_month_before() {
    let stand = Stand::new().await;
    let times = [
        "2026-02-28T23:30:00Z",
        "2026-03-15T14:15:00Z",
        // In the first half of March by the clock, but after as much time as has elapsed of April.
        "2026-03-15T14:45:00Z",
        "2026-03-31T22:30:00Z",
        "2026-04-15T13:15:00Z",
        "2026-04-15T13:20:00Z",
    ];
    insert(&stand, times.map(click)).await;
    let compared = async |compare: Value, granularity: &str| {
        let time = json!({
            "from": "2026-04-01", "to": "2026-04-15T13:30:00Z", "tz": "Europe/Berlin",
            "granularity": granularity,
        });
        ask(&stand, json!({"metrics": ["clicks"], "time": time, "compare": compare})).await
    };
    let elapsed = json!({"to": "previous_period", "align": "elapsed"});
    let total = compared(elapsed.clone(), "total").await;
    let period =
        json!({"from": "2026-02-28T23:00:00Z", "to": "2026-03-15T14:30:00Z", "align": "elapsed"});
    assert_eq!(total["query"]["compare"], period);
    assert_eq!(total["totals"]["values"]["clicks"], 3);
    assert_eq!(total["totals"]["previous"]["clicks"], 2);
    assert_eq!(total["totals"]["change"]["clicks"], 0.5);

    let days = compared(elapsed, "day").await;
    let days = days["rows"].as_array().unwrap();
    let of = |day: usize| (&days[day]["values"]["clicks"], &days[day]["previous"]["clicks"]);
    assert_eq!((days.len(), of(0), of(14)), (15, (&json!(1), &json!(1)), (&json!(2), &json!(1))));

    let clock = compared(json!({"to": "previous_period", "align": "clock"}), "total").await;
    let period = json!({"from": "2026-03-16T23:00:00Z", "to": "2026-03-31T13:30:00Z"});
    assert_eq!(clock["query"]["compare"], period, "as many whole days earlier");
}

#[actix_web::test]
async fn a_part_of_a_week_begins_with_the_week_of_the_request() {
    let stand = Stand::new().await;
    for (week_begins, from, to) in [
        ("sunday", "2026-03-07T23:00:00Z", "2026-03-10T11:00:00Z"),
        // Days that begin no week: three days earlier.
        ("monday", "2026-03-11T23:00:00Z", "2026-03-14T11:00:00Z"),
    ] {
        let body = json!({
            "metrics": ["clicks"],
            "time": {
                "from": "2026-03-15", "to": "2026-03-17T11:00:00Z", "tz": "Europe/Berlin",
                "week_begins": week_begins,
            },
            "compare": {"to": "previous_period", "align": "elapsed"},
        });
        let period = json!({"from": from, "to": to, "align": "elapsed"});
        assert_eq!(ask(&stand, body).await["query"]["compare"], period, "{week_begins}");
    }
}

#[actix_web::test]
async fn a_wrong_rule_of_time_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    for (path, body, pointer, right) in [
        (
            "/v1/query",
            json!({"metrics": ["clicks"], "time": {"week_begins": "mon"}}),
            "/time/week_begins",
            "monday, tuesday",
        ),
        (
            "/v1/query",
            json!({"metrics": ["clicks"], "compare": {"to": "previous_week", "align": "time"}}),
            "/compare/align",
            "`clock` or `elapsed`",
        ),
        (
            "/v1/query",
            json!({
                "metrics": ["clicks"],
                "compare": {
                    "to": "custom", "from": "2026-03-01", "until": "2026-03-02", "align": "elapsed",
                },
            }),
            "/compare/align",
            "has an end of its own",
        ),
        (
            "/v1/funnels",
            json!({"steps": [{"event": "ad_click"}], "time": {"week_begins": "sunday"}}),
            "/time/week_begins",
            "one bucket",
        ),
    ] {
        let refused = stand.post(path, Some(&key), body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {}", refused.body);
        let error = &refused.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{body}: {error}");
        assert!(error["reason"].as_str().unwrap().contains(right), "{body}: {error}");
    }
    let refused = stand.get("/v1/sessions?week_begins=mon", &key).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert_eq!(refused.body["errors"][0]["pointer"], "?week_begins");
}
