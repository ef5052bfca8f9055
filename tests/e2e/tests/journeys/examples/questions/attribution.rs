use serde_json::{Value, json};

use super::Example;

pub(super) fn all() -> Vec<Example> {
    [last_touch(), divided(), dated(), in_a_query()].into_iter().flatten().collect()
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
