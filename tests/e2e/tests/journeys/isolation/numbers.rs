//! The numbers of two tenants that use the same ids.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier};
use uuid::Uuid;

use super::{CANARY, DIMENSION, cohort, created, dimension, everything};
use crate::years;

/// Checks that the numbers of a campaign id that both tenants use are separate.
pub(super) async fn check_campaigns(platform: &Platform, mine: &Tenant, other: &Tenant) {
    let [from, to] = years::around_now();
    let path = format!(
        "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions&from={from}&to={to}"
    );
    let own = platform.get(&mine.owner, &path).await.expect(200).json();
    assert_eq!(own["totals"]["impressions"], 0);
    let theirs = platform.get(&other.owner, &path).await.expect(200).json();
    assert_eq!(theirs["totals"]["impressions"], 1);
}

/// Checks the numbers of the whole tenant, which no id names.
pub(super) async fn check_tenants(platform: &Platform, mine: &Tenant, other: &Tenant) {
    let query = json!({
        "metrics": ["events", "visitors", "sales"], "time": everything(),
        "filters": {"dimension": "campaign", "in": [CANARY]},
    });
    let own = platform.post(&mine.owner, "/v1/query", &query).await.expect(200).json();
    let nothing = json!({"events": 0, "visitors": 0, "sales": "0.00"});
    assert_eq!(own["totals"]["values"], nothing);
    let theirs = platform.post(&other.owner, "/v1/query", &query).await.expect(200).json();
    let seeded = json!({"events": 2, "visitors": 1, "sales": "77.00"});
    assert_eq!(theirs["totals"]["values"], seeded);
    // A name that the other tenant has declared is no dimension here.
    dimension(platform, mine, Method::DELETE, &Value::Null).await;
    let by_theirs = json!({"metrics": ["events"], "dimensions": [DIMENSION]});
    platform.post(&mine.owner, "/v1/query", &by_theirs).await.expect(422);
}

/// Checks that the other tenant's cohort `foreign` is as unknown as one that never was, as a filter,
/// too, and that an own cohort has no visitor of the other.
pub(super) async fn check_cohorts(
    platform: &Platform,
    mine: &Tenant,
    (tier, other): (Tier, &Tenant),
    foreign: &str,
) {
    let query = json!({"metrics": ["events"], "filters": {"cohort": foreign}});
    platform.post(&mine.owner, "/v1/query", &query).await.expect(422);
    let order = cohort(&Uuid::now_v7().to_string());
    let own = created(platform, mine, "/v1/cohorts", &order).await;
    for (tenant, id, visitors) in [(mine, own.as_str(), 0), (other, foreign, 1)] {
        let shown = platform.get(&tenant.owner, &format!("/v1/cohorts/{id}")).await;
        assert_eq!(shown.expect(200).json()["members"]["size"], visitors, "{tier:?}");
        let query = json!({
            "metrics": ["visitors"], "time": everything(), "filters": {"cohort": id},
        });
        let members = platform.post(&tenant.owner, "/v1/query", &query).await;
        let members = members.expect(200).json();
        assert_eq!(members["totals"]["values"]["visitors"], visitors, "{tier:?}");
    }
}
