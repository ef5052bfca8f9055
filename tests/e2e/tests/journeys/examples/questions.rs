//! The worked examples: what is asked, and the numbers that are right.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

/// A question, and its right answer in every form.
pub(super) struct Example {
    pub(super) path: String,
    /// Null: the parameters are in the path.
    pub(super) body: Value,
    /// Numbers of the JSON, by pointers.
    pub(super) json: Vec<(&'static str, &'static str)>,
    /// The kind of the rows of a file that are compared, and the columns.
    pub(super) kind: &'static str,
    pub(super) columns: &'static str,
    /// The cells of each row, with a space between them; `-` where there is nothing.
    pub(super) rows: Vec<String>,
    /// Whether rows whose last cell is zero are left out: they have assisted only.
    pub(super) without_zeros: bool,
}

impl Example {
    fn new(
        path: &str,
        body: Value,
        json: Vec<(&'static str, &'static str)>,
        (kind, columns): (&'static str, &'static str),
        rows: &[&str],
    ) -> Self {
        let rows = rows.iter().map(|row| (*row).to_owned()).collect();
        Self { path: path.to_owned(), body, json, kind, columns, rows, without_zeros: false }
    }
}

/// Returns all examples, but for the one with a late event.
pub(super) fn all() -> Vec<Example> {
    [ordered(), excluded(), held(), daily(), weekly(), last_touch(), divided(), dated()]
        .into_iter()
        .chain([in_a_query(), windows(), vec![sessions(false)], compared()])
        .flatten()
        .collect()
}

fn of(example: &str) -> Value {
    json!({"dimension": "campaign", "in": [example]})
}

/// Returns the body of a funnel over two days.
fn funnel(example: &str, steps: &[&str], more: Value) -> Value {
    let steps: Vec<_> = steps.iter().map(|event| json!({"event": event})).collect();
    let mut body = json!({
        "steps": steps, "window": "24h", "filters": of(example),
        "time": {"from": "2026-03-02", "to": "2026-03-04", "tz": "UTC"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

const STEPS: [&str; 3] = ["product_view", "add_to_cart", "purchase"];

fn ordered() -> Vec<Example> {
    vec![Example::new(
        "/v1/funnels",
        funnel("f1", &STEPS, json!({})),
        vec![
            ("/steps/0/count", "9"),
            ("/steps/1/count", "7"),
            ("/steps/2/count", "5"),
            ("/steps/0/rate", "-"),
            ("/steps/1/rate", "0.7777777777777778"),
            ("/steps/2/rate", "0.7142857142857143"),
            ("/total_rate", "0.5555555555555556"),
            ("/seconds/median", "4200"),
            ("/seconds/mean", "20340"),
            ("/without_key", "2"),
        ],
        ("all", "step count keys rate total_rate median_seconds mean_seconds without_key"),
        &[
            "1 9 9 - 0.5555555555555556 4200 20340 2",
            "2 7 7 0.7777777777777778 0.5555555555555556 4200 20340 2",
            "3 5 5 0.7142857142857143 0.5555555555555556 4200 20340 2",
        ],
    )]
}

fn excluded() -> Vec<Example> {
    let of = |more: Value, json, rows: &[&str]| {
        let mut body = funnel("f2", &STEPS, json!({"window": "1h"}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Example::new("/v1/funnels", body, json, ("all", "step count excluded"), rows)
    };
    let removal = json!([{"event": "remove_from_cart", "between": [2, 3]}]);
    vec![
        of(
            json!({}),
            vec![("/seconds/median", "1200"), ("/seconds/mean", "1157.142857142857")],
            &["1 7 0", "2 7 0", "3 7 0"],
        ),
        of(json!({"exclude": removal}), vec![("/excluded", "1")], &["1 7 1", "2 7 1", "3 6 1"]),
        of(json!({"order": "strict"}), vec![("/steps/2/count", "4")], &["1 7 0", "2 6 0", "3 4 0"]),
        of(
            json!({"step_window": "8m"}),
            vec![("/steps/2/count", "1")],
            &["1 7 0", "2 1 0", "3 1 0"],
        ),
    ]
}

fn held() -> Vec<Example> {
    let of = |steps: &[&str], more: Value, rows: &[&str]| {
        let body = funnel("f3", steps, more);
        Example::new("/v1/funnels", body, Vec::new(), ("all", "step count keys"), rows)
    };
    vec![
        of(&STEPS, json!({"window": "7d"}), &["1 3 3", "2 3 3", "3 3 3"]),
        of(&STEPS, json!({"window": "7d", "hold": "product"}), &["1 4 3", "2 3 3", "3 2 2"]),
        of(&["purchase", "purchase"], json!({"window": "30d"}), &["1 6 6", "2 2 2"]),
    ]
}

/// Returns the cells of cohorts, which are written `3 2 2 0* -`: partial, and in the future.
fn cells(cohorts: &[(&str, &str)]) -> Vec<String> {
    let of = |(start, cells): &(&str, &str)| {
        let cells: Vec<_> = cells.split(' ').map(str::to_owned).collect();
        let start = (*start).to_owned();
        cells.into_iter().enumerate().map(move |(column, cell)| {
            let (count, state) = match (cell.as_str(), cell.strip_suffix('*')) {
                ("-", _) => ("-", "future"),
                (_, Some(count)) => (count, "partial"),
                (count, None) => (count, "complete"),
            };
            format!("{start} {column} {count} {state}")
        })
    };
    cohorts.iter().flat_map(of).collect()
}

fn retention(body: Value, json: Vec<(&'static str, &'static str)>, rows: Vec<String>) -> Example {
    let compared = ("cohort", "cohort column count state");
    Example { rows, ..Example::new("/v1/retention", body, json, compared, &[]) }
}

fn daily() -> Vec<Example> {
    let of = |mode: &str, first: &str, average: &'static str, cohorts: [&str; 3]| {
        let body = json!({
            "cohort": {"event": "product_view"}, "first": first, "mode": mode, "periods": 4,
            "time": {"from": "2026-03-28", "to": "2026-03-31", "tz": "Europe/Berlin"},
            "as_of": "2026-03-31T12:00:00+02:00", "filters": self::of("r1"),
        });
        let starts = ["2026-03-28", "2026-03-29", "2026-03-30"];
        let cohorts: Vec<_> = starts.into_iter().zip(cohorts).collect();
        retention(body, vec![("/averages/1/rate", average)], cells(&cohorts))
    };
    vec![
        of("calendar", "ever", "0.6", ["3 2 2 0*", "2 1 1* -", "1 1* - -"]),
        of("calendar", "in_range", "0.5", ["4 2 2 1*", "2 1 1* -", "1 1* - -"]),
        of("rolling", "ever", "0.6666666666666666", ["3 2 0* 0*", "2 0* 1* -", "1* 1* - -"]),
        of("rolling", "in_range", "0.5", ["4 2 1* 0*", "2 0* 1* -", "1* 1* - -"]),
    ]
}

fn weekly() -> Vec<Example> {
    let of = |more: Value, cohorts: [&str; 3]| {
        let mut body = json!({
            "cohort": {"event": "product_view"}, "period": "week", "periods": 5,
            "time": {"from": "2026-03-02", "to": "2026-03-23", "tz": "Europe/Berlin"},
            "as_of": "2026-04-02T12:00:00Z", "filters": self::of("r2"),
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let starts = ["2026-03-02", "2026-03-09", "2026-03-16"];
        let cohorts: Vec<_> = starts.into_iter().zip(cohorts).collect();
        retention(body, vec![("/cohorts/0/size", "3")], cells(&cohorts))
    };
    vec![
        of(json!({}), ["3 1 0 2 0*", "2 1 0 1* -", "1 0 0* - -"]),
        of(json!({"measure": "on_or_after"}), ["3 2 2 2 0*", "2 2 1 1* -", "1 0 0* - -"]),
        of(json!({"brackets": [[0, 0], [1, 2], [3, 4]]}), ["3 1 2*", "2 1 1*", "1 0* -"]),
    ]
}

fn day() -> Value {
    json!({"from": "2026-03-20", "to": "2026-03-21", "tz": "UTC"})
}

fn last_touch() -> Vec<Example> {
    let rules = json!([
        {"match": "any"},
        {"match": "any", "click_beats_view": false},
        {"match": "any", "click_window": "7d", "view_window": "0d"},
    ]);
    let example = Example::new(
        "/v1/attribution",
        json!({"time": day(), "rules": rules}),
        vec![
            ("/rules/0/orders_without_credit", "2"),
            ("/rules/1/orders_without_credit", "2"),
            ("/rules/2/orders_without_credit", "6"),
            ("/rules/0/totals/attributed_sales", "600"),
        ],
        ("segment", "rule campaign attributed_orders"),
        &["1 X 4", "1 Y 2", "2 X 3", "2 Y 3", "3 X 1", "3 Y 1"],
    );
    vec![Example { without_zeros: true, ..example }]
}

/// Returns the rules of all models, which are compared side by side.
fn models(matched: &str) -> Vec<Value> {
    let models = ["last_touch", "first_touch", "linear", "position"];
    models.iter().map(|model| json!({"model": model, "match": matched})).collect()
}

fn divided() -> Vec<Example> {
    let of = |matched: &str, rows: &[&str]| {
        let body = json!({"time": day(), "rules": models(matched), "by": "session"});
        let totals = [
            ("/rules/0/totals/attributed_sales", "60.01"),
            ("/rules/1/totals/attributed_sales", "60.01"),
            ("/rules/2/totals/attributed_sales", "60.01"),
            ("/rules/3/totals/attributed_sales", "60.01"),
        ];
        let compared = ("segment", "rule campaign attributed_sales");
        let example = Example::new("/v1/attribution", body, totals.to_vec(), compared, rows);
        Example { without_zeros: true, ..example }
    };
    vec![
        of(
            "same_sku",
            &[
                "1 W 20",
                "1 Y 30",
                "1 Z 10.01",
                "2 W 20",
                "2 X 10.01",
                "2 Y 30",
                "3 W 20",
                "3 X 5.005",
                "3 Y 30",
                "3 Z 5.005",
                "4 W 20",
                "4 X 5.005",
                "4 Y 30",
                "4 Z 5.005",
            ],
        ),
        of(
            "brand",
            &[
                "1 Y 30",
                "1 Z 30.01",
                "2 X 30.01",
                "2 Y 30",
                "3 X 15.005",
                "3 Y 30",
                "3 Z 15.005",
                "4 X 15.005",
                "4 Y 30",
                "4 Z 15.005",
            ],
        ),
        of(
            "category",
            &[
                "1 W 20",
                "1 Z 40.01",
                "2 W 20",
                "2 X 40.01",
                "3 W 20",
                "3 X 13.336667",
                "3 Y 13.336667",
                "3 Z 13.336666",
                "4 W 20",
                "4 X 16.004",
                "4 Y 8.002",
                "4 Z 16.004",
            ],
        ),
        of(
            "any",
            &[
                "1 Z 60.01",
                "2 X 60.01",
                "3 X 20.003334",
                "3 Y 20.003334",
                "3 Z 20.003332",
                "4 X 24.004",
                "4 Y 12.002",
                "4 Z 24.004",
            ],
        ),
    ]
}

/// A credit has the date of the ad or of the order, and a refund that of its order's credit.
fn dated() -> Vec<Example> {
    let of = |basis: &str, rows: &[&str]| {
        let body = json!({
            "date_basis": basis, "by": "session",
            "time": {"from": "2026-03-18", "to": "2026-03-21", "tz": "Europe/Berlin", "granularity": "day"},
        });
        let compared = ("segment", "campaign start attributed_net_sales attributed_sales");
        let example = Example::new("/v1/attribution", body, Vec::new(), compared, rows);
        Example { without_zeros: true, ..example }
    };
    vec![
        of(
            "interaction",
            &[
                "W 2026-03-19T23:00:00Z 20 20",
                "Y 2026-03-18T23:00:00Z 30 30",
                "Z 2026-03-18T23:00:00Z 0 10.01",
            ],
        ),
        of(
            "conversion",
            &[
                "W 2026-03-19T23:00:00Z 20 20",
                "Y 2026-03-19T23:00:00Z 30 30",
                "Z 2026-03-19T23:00:00Z 0 10.01",
            ],
        ),
    ]
}

/// The same credit, as a query answers it: the largest campaigns first.
fn in_a_query() -> Vec<Example> {
    let of = |model: &'static str, rows: &[&str]| {
        let body = json!({
            "metrics": ["attributed_sales", "attributed_orders"], "dimensions": ["campaign"],
            "time": day(), "top": {"n": 2, "by": "attributed_sales", "others": true},
            "attribution": {"rule": {"model": model, "match": "category"}, "by": "session"},
        });
        let json = vec![
            ("/totals/values/attributed_sales", "60.01"),
            ("/totals/values/attributed_orders", "1"),
            ("/attribution/rule/model", model),
        ];
        let columns = "campaign start attributed_sales";
        Example::new("/v1/query", body, json, ("segment", columns), rows)
    };
    vec![
        of("linear", &["W 2026-03-20T00:00:00Z 20", "X 2026-03-20T00:00:00Z 13.336667"]),
        of("last_touch", &["Z 2026-03-20T00:00:00Z 40.01", "W 2026-03-20T00:00:00Z 20"]),
    ]
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
pub(super) fn sessions(is_late: bool) -> Example {
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
