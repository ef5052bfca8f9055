use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::stand::Stand;

async fn list(stand: &Stand, path: &str, credential: &str) -> Vec<Value> {
    let answer = stand.get(path, credential).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["data"].as_array().unwrap().clone()
}

fn names(entries: &[Value]) -> BTreeSet<String> {
    entries.iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

/// Returns the status of a query of a metric, by dimensions.
async fn asked(stand: &Stand, credential: &str, metric: &Value, by: &[&str]) -> u16 {
    let body = json!({
        "metrics": [metric], "dimensions": by, "time": {"from": "2026-03-02", "to": "2026-03-03"},
    });
    stand.post("/v1/query", Some(credential), body).await.status.as_u16()
}

#[actix_web::test]
async fn the_catalogue_says_of_each_metric_what_it_combines_with() {
    let stand = Stand::new().await;
    let key = stand.key("acme", "read");
    let catalogue = stand.get("/v1/metrics", &key).await.body;
    let dimensions = list(&stand, "/v1/dimensions", &key).await;
    let [metrics, attributed] =
        ["data", "attributed"].map(|list| catalogue[list].as_array().unwrap());
    let time = |granularity: &Value| json!({"from": "2026-03-02", "to": "2026-03-03", "granularity": granularity});
    for (index, metric) in metrics.iter().enumerate() {
        let of =
            |dimension: &&Value| dimension["metrics"].as_array().unwrap().contains(&metric["name"]);
        let possible: Vec<_> = dimensions.iter().filter(of).map(|one| &one["name"]).collect();
        assert_eq!(metric["dimensions"], json!(possible), "{metric}");
        assert_eq!(metric["attributions"], json!(["declared"]), "{metric}");
        // Each metric with one granularity, and so each granularity with several metrics.
        let granularities = metric["granularities"].as_array().unwrap();
        let granularity = &granularities[index % granularities.len()];
        let body = json!({"metrics": [metric["name"]], "time": time(granularity)});
        let answer = stand.post("/v1/query", Some(&key), body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    for metric in attributed {
        let of = |dimension: &&Value| {
            dimension["attributed"].as_array().unwrap().contains(&metric["name"])
        };
        let possible: Vec<_> = dimensions.iter().filter(of).map(|one| &one["name"]).collect();
        assert_eq!(metric["dimensions"], json!(possible), "{metric}");
    }
    let models = attributed[0]["attributions"].as_array().unwrap();
    let granularities = attributed[0]["granularities"].as_array().unwrap();
    let of_ads = attributed[0]["dimensions"].as_array().unwrap();
    assert!(of_ads.contains(&json!("placement")) && !of_ads.contains(&json!("product")));
    for (model, granularity) in models.iter().zip(granularities) {
        let body = json!({
            "rules": [{"model": model}], "time": time(granularity), "dimensions": of_ads[..4],
        });
        let answer = stand.post("/v1/attribution", Some(&key), body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let totals = answer.body["rules"][0]["totals"].as_object().unwrap();
        let answered = totals.keys().filter(|name| *name != "spend").cloned();
        let answered: BTreeSet<_> = answered.collect();
        assert_eq!(answered, names(attributed), "every answer has all of them");
    }
}

#[actix_web::test]
async fn a_credential_may_ask_exactly_what_is_listed_for_it() {
    let stand = Stand::new().await;
    let owner = stand.token("acme", "owner").await;
    let order = json!({"name": "spring", "kind": "read", "campaigns": ["spring"]});
    let limited = stand.post("/v1/api-keys", Some(&owner), order).await;
    assert_eq!(limited.status, 201, "{}", limited.body);
    let credentials = BTreeMap::from([
        ("owner", owner.clone()),
        ("analyst", stand.token("acme", "analyst").await),
        ("read key", stand.key("acme", "read")),
        ("advertiser", stand.token("acme", "advertiser").await),
        ("limited key", limited.body["key"].as_str().unwrap().to_owned()),
    ]);
    let metrics = list(&stand, "/v1/metrics", &owner).await;
    let dimensions = list(&stand, "/v1/dimensions", &owner).await;
    let of_all_orders = [
        "customer_type",
        "new_customers",
        "returning_customers",
        "new_to_brand_orders",
        "new_to_brand_sales",
        "new_to_brand_rate",
        "tacos",
    ];
    for (who, credential) in credentials {
        let mut missing = BTreeSet::new();
        let listed = names(&list(&stand, "/v1/metrics", &credential).await);
        for metric in names(&metrics) {
            let status = asked(&stand, &credential, &json!(metric), &[]).await;
            let is_listed = listed.contains(&metric);
            assert_eq!(status, if is_listed { 200 } else { 403 }, "{who}: {metric}");
            missing.extend((!is_listed).then_some(metric));
        }
        let own = list(&stand, "/v1/dimensions", &credential).await;
        for dimension in &dimensions {
            let name = dimension["name"].as_str().unwrap();
            let is_listed = names(&own).contains(name);
            let status = asked(&stand, &credential, &dimension["metrics"][0], &[name]).await;
            assert_eq!(status, if is_listed { 200 } else { 403 }, "{who}: {name}");
            missing.extend((!is_listed).then(|| name.to_owned()));
        }
        for dimension in own {
            let possible = dimension["metrics"].as_array().unwrap().iter();
            let unlisted = possible.filter(|metric| !listed.contains(metric.as_str().unwrap()));
            assert_eq!(unlisted.count(), 0, "{who}: {dimension}");
        }
        let sees_all = !["advertiser", "limited key"].contains(&who);
        let expected = of_all_orders.iter().filter(|_| !sees_all);
        let expected: BTreeSet<_> = expected.map(|name| (*name).to_owned()).collect();
        assert_eq!(missing, expected, "{who}");
    }
    let collect = stand.key("acme", "collect");
    for path in ["/v1/metrics", "/v1/dimensions"] {
        assert_eq!(stand.get(path, &collect).await.status, 403, "{path}");
    }
}
