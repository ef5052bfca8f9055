use actix_web::http::header::{HeaderMap, HeaderName};
use problem::Problem;
use serde::Serialize;
use serde_json::Value;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const RESPOND_ASYNC: &str = "respond-async";

/// Returns whether a request prefers a job to an answer (`Prefer: respond-async`, RFC 7240).
pub(crate) fn prefers_async(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(PREFER).filter_map(|value| value.to_str().ok());
    let preferences = lines.flat_map(|line| line.split(','));
    preferences
        .map(|preference| preference.split([';', '=']).next().unwrap_or_default().trim())
        .any(|name| name.eq_ignore_ascii_case(RESPOND_ASYNC))
}

/// Returns a body as the request of a job: without the fields that it leaves out.
///
/// # Errors
/// None is known: keys are strings.
pub(crate) fn request_of(body: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(body).map(without_nulls).map_err(Problem::internal)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, field)| !field.is_null())
            .map(|(name, field)| (name, without_nulls(field)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use serde_json::json;

    use super::*;
    use crate::query::QueryBody;

    #[test]
    fn the_preference_is_found_among_others_in_any_case() {
        for (lines, expected) in [
            (&["respond-async"][..], true),
            (&["wait=10, Respond-Async"], true),
            (&["handling=lenient", "respond-async; wait=5"], true),
            (&["respond-asynchronously"], false),
            (&["return=minimal"], false),
            (&[], false),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(PREFER, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(prefers_async(&headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn a_request_is_kept_without_what_it_leaves_out() {
        let body = json!({
            "metrics": ["sales"],
            "filters": {"not": {"dimension": "device", "in": ["mobile"]}},
        });
        let read: QueryBody = serde_json::from_value(body.clone()).unwrap();
        let kept = request_of(&read).unwrap();
        assert_eq!((&kept["metrics"], &kept["filters"]), (&body["metrics"], &body["filters"]));
        assert!(kept.get("compare").is_none(), "{kept}");
        let again: QueryBody = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(request_of(&again).unwrap(), kept);
    }
}
