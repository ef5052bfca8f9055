use serde_json::json;

use super::{BUY, CART, REMOVE, VIEW, funnel};
use crate::stand::{Answer, Stand};

#[actix_web::test]
async fn a_wrong_funnel_or_table_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let check = |answer: &Answer, pointer: &str, right: &str| {
        assert_eq!(answer.status, 422, "{pointer}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{error}");
    };
    for (more, pointer, right) in [
        (json!({"steps": [{"event": VIEW}]}), "/steps", "2 to 20"),
        (json!({"steps": [{"event": "view"}, {"event": BUY}]}), "/steps/0/event", "product_view"),
        (json!({"window": "soon"}), "/window", "30m"),
        (json!({"step_window": "0m"}), "/step_window", "30m"),
        (
            json!({"exclude": [{"event": REMOVE, "between": [2, 4]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (
            json!({"exclude": [{"event": REMOVE, "between": [0, 1]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (
            json!({"exclude": [{"event": REMOVE, "between": [1, 2, 3]}]}),
            "/exclude/0/between",
            "two steps",
        ),
        (json!({"hold": "prodct"}), "/hold", "`product`"),
        (json!({"order": "any"}), "/order", "strict"),
        (json!({"breakdown": {"dimension": "devise"}}), "/breakdown/dimension", "`device`"),
        (json!({"breakdown": {"dimension": "brand"}}), "/breakdown/dimension", "`hold`"),
        (json!({"breakdown": {"dimension": "device", "top": 0}}), "/breakdown/top", "1 to 100"),
        (json!({"time": {"granularity": "day"}}), "/time/granularity", "one bucket"),
        (json!({"filters": {"metric": "clicks", "gt": 1}}), "/filters", "only dimensions"),
        (json!({"as_of": "2999-01-01T00:00:00Z"}), "/as_of", "past"),
        (json!({"format": "pdf"}), "/format", "json, ndjson, csv"),
    ] {
        let answer = stand.post("/v1/funnels", Some(&key), funnel(&[VIEW, CART, BUY], more)).await;
        check(&answer, pointer, right);
    }
    for (more, pointer, right) in [
        (json!({"periods": 0}), "/periods", "between 1 and 366"),
        (json!({"brackets": [[2, 1]]}), "/brackets", "ascend"),
        (json!({"brackets": [[0, 1, 2]]}), "/brackets", "pairs such as"),
        (json!({"brackets": [[0, 0]], "measure": "on"}), "/measure", "absent"),
        (json!({"period": "month", "mode": "rolling"}), "/mode", "`calendar`"),
        (json!({"cohort": {"event": ""}}), "/cohort/event", "must be one of"),
        (json!({"format": "pdf"}), "/format", "json, ndjson, csv"),
    ] {
        let mut body = json!({"cohort": {"event": VIEW}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check(&stand.post("/v1/retention", Some(&key), body).await, pointer, right);
    }
    for (query, pointer, right) in [
        ("gap=9h", "?gap", "8 hours"),
        ("gap=x", "?gap", "30m"),
        ("by=session", "?by", "`customer`"),
        ("format=pdf", "?format", "json, ndjson, csv"),
    ] {
        check(&stand.get(&format!("/v1/sessions?{query}"), &key).await, pointer, right);
    }
}
