use serde_json::{Value, json};

use super::{Example, of};

const STEPS: [&str; 3] = ["product_view", "add_to_cart", "purchase"];

pub(super) fn all() -> Vec<Example> {
    [ordered(), excluded(), held()].into_iter().flatten().collect()
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
