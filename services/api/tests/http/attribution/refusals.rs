use serde_json::{Value, json};

use crate::stand::Stand;

#[actix_web::test]
async fn a_wrong_rule_is_refused_with_what_would_be_right() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let rules = |rule: Value| json!({"rules": [{}, rule]});
    for (body, pointer, right) in [
        (rules(json!({"preset": "google"})), "/rules/1/preset", "ga4_last_click"),
        (rules(json!({"model": "last"})), "/rules/1/model", "last_touch"),
        (rules(json!({"click_window": "0d"})), "/rules/1/click_window", "1 and 90 days"),
        (rules(json!({"click_window": "91d"})), "/rules/1/click_window", "1 and 90 days"),
        (rules(json!({"view_window": "31d"})), "/rules/1/view_window", "30 days"),
        (rules(json!({"view_window": "soon"})), "/rules/1/view_window", "30m"),
        (rules(json!({"match": "sku"})), "/rules/1/match", "parent_sku"),
        (rules(json!({"view_event": "click"})), "/rules/1/view_event", "viewable"),
        (json!({"rules": vec![json!({}); 6]}), "/rules", "at most 5"),
        (json!({"date_basis": "order"}), "/date_basis", "conversion"),
        (json!({"dimensions": []}), "/dimensions", "1 to 4"),
        (json!({"dimensions": ["campaign", "placment"]}), "/dimensions/1", "`placement`"),
        (json!({"dimensions": ["brand"]}), "/dimensions/0", "as a whole"),
        (json!({"dimensions": ["advertiser"]}), "/dimensions/0", "name its campaigns"),
        (json!({"time": {"tz": "Mars"}}), "/time/tz", "Europe/Berlin"),
    ] {
        let answer = stand.post("/v1/attribution", Some(&key), body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {}", answer.body);
        let error = &answer.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{body}: {}", answer.body);
        assert!(error["reason"].as_str().unwrap().contains(right), "{body}: {error}");
    }
}
