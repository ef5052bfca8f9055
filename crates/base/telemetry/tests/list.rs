//! The list of metrics by which `infra/observability` checks its alerts and dashboards.

use std::collections::BTreeMap;

use telemetry::Requests;

const LISTED: &str = include_str!("../../../../infra/observability/metrics/footfall.txt");

/// Returns the names of the labels in `name{label="value",…}`, but for those of a histogram's buckets.
fn labels(series: &str) -> Vec<&str> {
    let inner = series.split_once('{').map_or("", |(_, rest)| rest.trim_end_matches('}'));
    let names = inner.split("\",").filter_map(|pair| Some(pair.split_once("=\"")?.0));
    names.filter(|name| *name != "le").collect()
}

#[test]
fn the_list_has_every_metric_with_its_type_and_its_labels() {
    telemetry::state_build("1.2.3", "abc1234");
    telemetry::state_settings("0123456789ab".to_owned());
    telemetry::register();
    Requests::new("test").register("/v1/things/{id}", "GET");
    let text = telemetry::render();
    let mut found = BTreeMap::new();
    let mut current = "";
    for line in text.lines() {
        if let Some(declared) = line.strip_prefix("# TYPE ") {
            current = declared;
        } else if !line.starts_with('#') {
            let (series, _) = line.rsplit_once(' ').unwrap();
            found.entry(current).or_insert_with(|| labels(series));
        }
    }
    let lines = found.iter().map(|(declared, labels)| {
        let words = [*declared].into_iter().chain(labels.iter().copied());
        words.collect::<Vec<_>>().join(" ")
    });
    let right: Vec<_> = lines.collect();
    let listed: Vec<_> = LISTED.lines().collect();
    assert_eq!(
        listed,
        right,
        "infra/observability/metrics/footfall.txt must have:\n{}\n",
        right.join("\n")
    );
}
