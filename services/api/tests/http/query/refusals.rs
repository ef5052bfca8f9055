use serde_json::{Value, json};

use super::day;
use crate::stand::{Answer, Stand};

async fn refused(stand: &Stand, body: Value) -> Answer {
    let answer = stand.post("/v1/query", Some(&stand.key("acme", "read")), body.clone()).await;
    assert_eq!(answer.status, 422, "{body}: {}", answer.body);
    answer
}

#[actix_web::test]
async fn a_wrong_query_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let deep =
        (0..12).fold(json!({"dimension": "device", "in": ["x"]}), |inner, _| json!({"not": inner}));
    for (change, pointer, right) in [
        (json!({"metrics": []}), "/metrics", "1 to 20"),
        (json!({"metrics": ["impresions"]}), "/metrics/0", "did you mean `impressions`?"),
        (json!({"dimensions": ["campain"]}), "/dimensions/0", "`campaign`"),
        (
            json!({"dimensions": ["device", "country", "ad", "placement", "keyword"]}),
            "/dimensions",
            "at most 4",
        ),
        (
            json!({"time": {"from": "2026-03-02", "to": "2026-03-02"}}),
            "/time/from",
            "midnight that begins it",
        ),
        (json!({"time": {"tz": "Mars"}}), "/time/tz", "Europe/Berlin"),
        (json!({"time": {"granularity": "minute"}}), "/time/granularity", "15m, hour"),
        (json!({"time": {"from": "2020-01-01", "granularity": "15m"}}), "/time/to", "31 days"),
        (json!({"filters": {}}), "/filters", "exactly one of `and`"),
        (json!({"filters": {"dimension": "device"}}), "/filters", "`starts_with`"),
        (
            json!({"filters": {"and": [{"metric": "clicks", "in": ["1"]}]}}),
            "/filters/and/0",
            "are for dimensions",
        ),
        (json!({"filters": {"metric": "clicks"}}), "/filters", "`gte`"),
        (json!({"filters": {"metric": "sales", "gt": "much"}}), "/filters/gt", "must be a number"),
        (
            json!({"filters": {"or": [{"metric": "clicks", "gt": 1}, {"dimension": "device", "in": ["x"]}]}}),
            "/filters",
            "add `device` to `dimensions`",
        ),
        (
            json!({"filters": deep}),
            "/filters/not/not/not/not/not/not/not/not/not/not/not",
            "at most 10 deep",
        ),
        (
            json!({"filters": {"dimension": "device", "in": vec!["x"; 1001]}}),
            "/filters/in",
            "at most 1000",
        ),
        (json!({"dimensions": vec!["device"; 1_000]}), "/dimensions", "at most 4"),
        (json!({"dimensions": vec!["x"; 1_000]}), "/dimensions", "at most 4"),
        (json!({"metrics": vec!["x"; 1_000]}), "/metrics", "1 to 20"),
        (
            json!({"filters": {"and": vec![json!({"dimension": "device", "in": ["x"]}); 101]}}),
            "/filters/and/100/in",
            "at most 100 tests",
        ),
        (
            json!({"filters": {"dimension": "device", "contains": vec!["x".repeat(300); 700]}}),
            "/filters/contains",
            "at most 200000 bytes",
        ),
        (
            json!({"filters": {"dimension": "device", "in": []}}),
            "/filters/in",
            "at least one value",
        ),
        (
            json!({"filters": {"and": [
                {"dimension": "device", "in": ["tv", "mobile"]},
                {"dimension": "country", "in": ["DE"]},
                {"dimension": "device", "in": ["desktop"]},
            ]}}),
            "/filters/and/2/in",
            "leaves no value of `device`",
        ),
        (
            json!({"filters": {"metric": "clicks", "gt": 5, "lte": 5}}),
            "/filters",
            "leaves no value",
        ),
        (
            json!({"filters": {"not": {"metric": "ctr", "gte": 0.5, "lt": 0.25}}}),
            "/filters/not",
            "leaves no value",
        ),
        (
            json!({"time": {"from": "2025-01-01", "to": "2026-03-01", "granularity": "hour"}}),
            "/time/to",
            "366 days",
        ),
        (
            json!({"time": {"from": "2019-01-01", "to": "2026-03-01", "granularity": "week"}}),
            "/time/to",
            "1830 days",
        ),
        (json!({"compare": {"to": "last_week"}}), "/compare/to", "previous_week"),
        (json!({"compare": {"to": "custom"}}), "/compare/from", "required"),
        (
            json!({
                "compare": {"to": "custom", "from": "1980-01-01", "until": "2020-01-01"},
                "time": {"from": "2026-03-02", "to": "2026-03-03", "granularity": "15m"},
            }),
            "/compare/until",
            "31 days",
        ),
        (json!({"top": {"n": 1, "by": "clicks"}}), "/top", "`dimensions`"),
        (json!({"dimensions": ["device"], "top": {"n": 0, "by": "clicks"}}), "/top/n", "1 to 1000"),
        (json!({"order": [["device", "asc"]]}), "/order/0/0", "not one of `dimensions`"),
        (json!({"order": [["clicks", "up"]]}), "/order/0/1", "`asc` or `desc`"),
        (json!({"order": [["clicks", "asc", "asc"]]}), "/order/0", "a pair such as"),
        (json!({"dimensions": ["ad", "ad", "ad", "ad", "ad"]}), "/dimensions", "at most 4"),
        (json!({"limit": 0}), "/limit", "1 to 1000"),
        (json!({"cursor": "zzz"}), "/cursor", "`next`"),
        (json!({"format": "pdf"}), "/format", "json, ndjson, csv"),
        (json!({"metrik": 1}), "/metrik", "metrics"),
        (json!({"metrics": ["atributed_sales"]}), "/metrics/0", "did you mean `attributed_sales`?"),
        (json!({"attribution": "google"}), "/attribution", "ga4_last_click"),
        (json!({"attribution": 7}), "/attribution", "the name of a preset, or an object"),
        (json!({"attribution": {"model": "linear"}}), "/attribution/model", "`rule`"),
        (
            json!({"attribution": {"rule": {"model": "last"}}}),
            "/attribution/rule/model",
            "last_touch",
        ),
        (
            json!({"attribution": {"rule": {"click_window": "91d"}}}),
            "/attribution/rule/click_window",
            "1 and 90 days",
        ),
        (json!({"attribution": {"date_basis": "order"}}), "/attribution/date_basis", "conversion"),
    ] {
        let mut body = json!({"metrics": ["clicks"], "time": day()});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = refused(&stand, body).await;
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{change}: {}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{change}: {error}");
    }
    let nested = (0..200).fold(json!({}), |inner, _| json!({"not": inner}));
    let nested = refused(&stand, json!({"metrics": ["clicks"], "filters": nested})).await;
    let error = &nested.body["errors"][0];
    assert!(error["pointer"].as_str().unwrap().starts_with("/filters/not/not"), "{error}");
    assert!(error["reason"].as_str().unwrap().contains("127 levels"), "{error}");
    let body = json!({"metrics": ["orders", "cpc"], "dimensions": ["brand"], "time": day()});
    let incompatible = refused(&stand, body).await;
    assert_eq!(incompatible.body["code"], "incompatible");
    let reason = incompatible.body["errors"][0]["reason"].as_str().unwrap().to_owned();
    for named in ["`cpc`", "`brand`", "units_sold"] {
        assert!(reason.contains(named), "{reason}");
    }
    let credit = |change: Value| {
        let mut body =
            json!({"metrics": ["attributed_sales"], "time": day(), "attribution": "standard"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for (change, pointer, right) in [
        (json!({"attribution": null}), "/metrics", "such as `standard`"),
        (json!({"attribution": "declared"}), "/metrics", "such as `standard`"),
        (
            json!({
                "metrics": ["clicks"], "dimensions": ["device"], "attribution": null,
                "top": {"n": 1, "by": "attributed_sales"},
            }),
            "/top/by",
            "such as `standard`",
        ),
        (
            json!({
                "metrics": ["clicks"], "attribution": null, "order": [["attributed_sales", "desc"]],
            }),
            "/order",
            "such as `standard`",
        ),
        (
            json!({
                "metrics": ["clicks"], "attribution": null,
                "filters": {"metric": "attributed_sales", "gt": 1},
            }),
            "/filters",
            "such as `standard`",
        ),
        (
            json!({
                "metrics": ["clicks"], "dimensions": ["brand"], "order": [["attributed_sales", "desc"]],
            }),
            "/order",
            "as a whole. Use dimensions of ads",
        ),
        (json!({"metrics": ["sales", "roas"]}), "/attribution", "attributed_orders"),
        (json!({"dimensions": ["brand"]}), "/metrics", "as a whole. Use dimensions of ads"),
        (json!({"dimensions": ["advertiser"]}), "/metrics", "Divide by `campaign`"),
        (json!({"dimensions": ["customer_type"]}), "/metrics", "Use dimensions of ads"),
        (
            json!({"filters": {"dimension": "product", "in": ["p"]}}),
            "/metrics",
            "is not defined by `product`",
        ),
    ] {
        let answer = refused(&stand, credit(change.clone())).await;
        let error = &answer.body["errors"][0];
        assert_eq!(answer.body["code"], "incompatible", "{change}: {}", answer.body);
        assert_eq!(error["pointer"], pointer, "{change}: {error}");
        assert!(error["reason"].as_str().unwrap().contains(right), "{change}: {error}");
    }
    let body = json!({
        "metrics": ["clicks"], "dimensions": ["device"], "limit": 1000,
        "time": {"from": "2026-01-01", "to": "2026-12-31", "granularity": "hour"},
    });
    assert_eq!(refused(&stand, body).await.body["errors"][0]["pointer"], "/limit");
}
