use serde_json::{Value, json};

use super::{Example, of};

pub(super) fn all() -> Vec<Example> {
    [daily(), weekly()].into_iter().flatten().collect()
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
