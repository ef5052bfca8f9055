use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use control_plane::{RelativeRange, ReportJobKind, ReportKind};
use serde_json::{Map, Value};

use super::cadence::dates;

/// Returns a request with the range of a run in place of its own. One without a relative range stays as it
/// is: without `from`, it is about the time before the run.
pub(super) fn with_range(
    kind: ReportJobKind,
    mut request: Value,
    range: Option<RelativeRange>,
    zone: Tz,
    run: DateTime<Utc>,
) -> Value {
    let Some((from, to)) = range.and_then(|range| dates(range, zone, run)) else {
        return request;
    };
    let Value::Object(fields) = &mut request else {
        return request;
    };
    // The parameters of sessions are beside the others, as texts.
    let time = if kind == ReportJobKind::Report(ReportKind::Sessions) {
        fields
    } else {
        let time = fields.entry("time").or_insert_with(|| Value::Object(Map::new()));
        let Value::Object(time) = time else {
            return request;
        };
        time
    };
    time.insert("from".to_owned(), from.to_string().into());
    time.insert("to".to_owned(), to.to_string().into());
    time.insert("tz".to_owned(), zone.name().into());
    request
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;
    use serde_json::json;

    use super::*;

    fn ranged(kind: ReportJobKind, request: Value, range: Option<RelativeRange>) -> Value {
        with_range(kind, request, range, Berlin, "2026-03-31T22:05:00Z".parse().unwrap())
    }

    #[test]
    fn the_range_of_a_run_takes_the_place_of_the_requests() {
        let query = ReportJobKind::Report(ReportKind::Query);
        let request = json!({"metrics": ["sales"], "time": {"granularity": "hour", "tz": "UTC"}});
        let expected = json!({
            "metrics": ["sales"],
            "time": {"granularity": "hour", "from": "2026-03-31", "to": "2026-04-01", "tz": "Europe/Berlin"},
        });
        assert_eq!(ranged(query, request.clone(), Some(RelativeRange::LastDay)), expected);
        assert_eq!(ranged(query, request.clone(), None), request);
        let time = json!({"from": "2026-03-01", "to": "2026-04-01", "tz": "Europe/Berlin"});
        assert_eq!(
            ranged(ReportJobKind::Events, json!({}), Some(RelativeRange::LastMonth)),
            json!({"time": time})
        );
        let sessions = ReportJobKind::Report(ReportKind::Sessions);
        assert_eq!(ranged(sessions, json!({}), Some(RelativeRange::LastMonth)), time);
    }
}
