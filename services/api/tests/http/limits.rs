//! The limits of a tenant on the time and the memory of a statement.

use futures::join;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    query::insert_of,
    stand::{Answer, Stand},
};

/// How often events are inserted: a limit is checked after each part of the table.
const PARTS: usize = 10;
const EVENTS_OF_A_PART: usize = 500;

/// Returns a query that looks for 20,000 texts in a text of each event, of which no rollup knows: this takes
/// seconds of work, and each thousand of texts megabytes of memory.
fn expensive() -> Value {
    let without = |thousand: u32| {
        let texts: Vec<_> =
            (0..1_000).map(|text| format!("{:05}", 1_000 * thousand + text)).collect();
        json!({"not": {"dimension": "keyword", "contains": texts}})
    };
    json!({
        "metrics": ["clicks"], "time": {"from": "2026-03-02", "to": "2026-03-03"},
        "filters": {"and": (0..20).map(without).collect::<Vec<_>>()},
    })
}

/// Gives `acme` these limits, and both tenants the same events. Returns the answers to `acme` and to `globex`,
/// which ask at once.
async fn answers_with(limits: Value) -> [Answer; 2] {
    let stand = Stand::new().await;
    stand.apply("acme", json!({"limits": limits})).await;
    let click = json!({
        "type": "ad_click", "event_time": "2026-03-02T10:00:00Z", "keyword": "warm winter boots",
    });
    for tenant in ["acme", "globex"] {
        for _ in 0..PARTS {
            insert_of(&stand, tenant, vec![click.clone(); EVENTS_OF_A_PART]).await;
        }
    }
    let ask = async |tenant: &str| {
        stand.post("/v1/query", Some(&stand.key(tenant, "read")), expensive()).await
    };
    let (limited, other) = join!(ask("acme"), ask("globex"));
    [limited, other]
}

fn assert_only_the_first_is_too_expensive([limited, other]: [Answer; 2], exceeded: &str) {
    assert_eq!(limited.status, 422, "{}", limited.body);
    assert_eq!(limited.headers["content-type"], "application/problem+json");
    assert_eq!(limited.body["code"], "too_expensive");
    let detail = limited.body["detail"].as_str().unwrap();
    assert!(detail.contains(exceeded), "{detail}");
    assert_eq!(other.status, 200, "{}", other.body);
    assert_eq!(other.body["totals"]["values"]["clicks"], PARTS * EVENTS_OF_A_PART);
}

#[actix_web::test]
async fn a_statement_ends_after_the_time_of_its_tenant_and_another_tenants_is_answered() {
    let answers = answers_with(json!({"query_seconds": 1})).await;
    assert_only_the_first_is_too_expensive(answers, "takes longer");
}

#[actix_web::test]
async fn a_statement_ends_with_the_memory_of_its_tenant_and_another_tenants_is_answered() {
    let answers = answers_with(json!({"query_memory_mib": 1})).await;
    assert_only_the_first_is_too_expensive(answers, "takes more memory");
}

#[actix_web::test]
async fn requests_are_counted_per_tenant_and_every_answer_reports_what_is_left() {
    let stand = Stand::new().await;
    stand.apply("acme", json!({"limits": {"quotas": {"requests_per_day": 3}}})).await;
    let [acme, globex] = ["acme", "globex"].map(|tenant| stand.key(tenant, "read"));
    let policy = r#""requests-day";q=3;w=86400"#;
    for left in ["r=2", "r=1", "r=0"] {
        let answer = stand.get("/v1/campaigns", &acme).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.headers["ratelimit-policy"], policy);
        let reported = answer.headers["ratelimit"].to_str().unwrap();
        assert!(reported.starts_with(&format!(r#""requests-day";{left};t="#)), "{reported}");
    }
    // Every route counts, also one that would refuse the request.
    for path in ["/v1/campaigns", "/v1/campaigns/absent", "/v1/usage", "/v1/query"] {
        let refused = stand.get(path, &acme).await;
        if refused.status == 405 || refused.status == 403 {
            continue;
        }
        assert_eq!(refused.status, 429, "{path}: {}", refused.body);
        assert_eq!(refused.body["code"], "rate_limited");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((28_000..=28_800).contains(&wait), "a third of a day: {wait}");
        let reported = refused.headers["ratelimit"].to_str().unwrap();
        assert_eq!(reported, format!(r#""requests-day";r=0;t={wait}"#));
        let other = stand.get(path, &globex).await;
        assert_ne!(other.status, 429, "{path}: {}", other.body);
    }
}

#[actix_web::test]
async fn a_quota_that_is_null_gets_its_default_and_one_that_is_absent_stays() {
    let stand = Stand::new().await;
    let admin = stand.access_token("admin@test.example").await;
    let path = format!("/v1/admin/tenants/{}", stand.id("acme"));
    let change = async |quotas: Value| {
        let change = json!({"limits": {"quotas": quotas}});
        let answer = stand.send(Method::PATCH, &path, &admin, change).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["limits"]["quotas"].clone()
    };
    let set = json!({"events_per_day": 7, "bytes_per_day": 8, "campaigns_per_day": 9});
    let quotas = change(set).await;
    assert_eq!((&quotas["events_per_day"], &quotas["campaigns_per_day"]), (&json!(7), &json!(9)));
    let quotas = change(json!({"events_per_day": null, "campaigns_per_day": null})).await;
    assert_eq!(quotas["events_per_day"], Value::Null);
    assert_eq!(quotas["bytes_per_day"], 8);
    assert_eq!(quotas["campaigns_per_day"], 10_000);
    assert_eq!(
        (&quotas["over_quota"], &quotas["parked_events_per_day"]),
        (&json!("refuse"), &json!(1_000_000))
    );
    let quotas = change(json!({"over_quota": "park", "parked_bytes_per_day": 5})).await;
    assert_eq!(
        (&quotas["over_quota"], &quotas["parked_bytes_per_day"]),
        (&json!("park"), &json!(5))
    );
    assert_eq!(
        change(json!({"bytes_per_day": null})).await["over_quota"],
        "park",
        "what is absent stays"
    );
    assert_eq!(change(json!({"over_quota": null})).await["over_quota"], "refuse");
    let wrong = json!({"limits": {"quotas": {"over_quota": "keep"}}});
    assert_eq!(stand.send(Method::PATCH, &path, &admin, wrong).await.status, 422);
}
