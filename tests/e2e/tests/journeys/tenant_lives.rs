//! Tenants that are suspended, resumed and offboarded, and what they used.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier, eventually};
use tokio::time::{Instant, sleep, timeout_at};

use crate::live::Stream;

/// Within this time a change of a tenant's state has taken effect in every process. Five seconds are promised,
/// and tested where answers are kept, in the control plane; here a whole platform shares the machine with other
/// tests. A process that does not learn of a change uses what it knows for a minute.
const SOON: Duration = Duration::from_secs(20);

fn impressions(count: usize) -> Value {
    json!(vec![json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": "v"}); count])
}

/// Sends an event until the answer has this status. Returns its body.
async fn until_collected(platform: &Platform, tenant: &Tenant, status: u16) -> Value {
    let began = Instant::now();
    loop {
        let answer = platform.collect(&tenant.collect_key, &impressions(1)).await;
        if answer.status == status {
            return answer.json();
        }
        assert!(began.elapsed() < SOON, "the collector still answers {}", answer.status);
        sleep(Duration::from_millis(100)).await;
    }
}

/// Counts the events that reached ClickHouse, by the tenant's usage.
async fn used(platform: &Platform, admin: &str, tenant: &Tenant) -> Value {
    let path = format!("/v1/admin/usage?tenant={}", tenant.id);
    let usage = platform.get(admin, &path).await.expect(200).json();
    usage["data"][0]["totals"].clone()
}

#[tokio::test]
async fn a_suspended_tenant_loses_nothing_that_was_accepted_and_its_streams_end() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    let tenant = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    let neighbour = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    let mut stream = Stream::open(&platform, &tenant.read_key, None).await;
    assert_eq!(stream.next().await.event, "snapshot");
    platform.collect(&tenant.collect_key, &impressions(500)).await.expect(202);

    let order = json!({"reason": "A test"});
    let path = format!("/v1/admin/tenants/{}", tenant.id);
    platform.post(&admin, &format!("{path}/suspend"), &order).await.expect(200);
    let suspended = Instant::now();
    let refused = until_collected(&platform, &tenant, 403).await;
    assert_eq!(refused["code"], "tenant_suspended");
    let ended = async { while stream.next().await.event != "end" {} };
    timeout_at(suspended + SOON, ended).await.expect("the stream should end");
    platform.collect(&neighbour.collect_key, &impressions(1)).await.expect(202);
    // The events of the journey itself that the collector still accepted are counted, too.
    eventually("what was accepted is stored", async || {
        let events = used(&platform, &admin, &tenant).await["events"].as_u64().unwrap();
        (events >= 500).then_some(())
    })
    .await;

    platform.post(&admin, &format!("{path}/resume"), &json!(null)).await.expect(200);
    until_collected(&platform, &tenant, 202).await;
}

#[tokio::test]
async fn usage_is_what_was_accepted_and_refused_whatever_was_sent_again() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    for tier in Tier::ALL {
        let tenant = platform.onboard_by(&admin, tier, json!({})).await;
        let other = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
        platform.collect(&other.collect_key, &impressions(7)).await.expect(202);
        let order = json!([{"type": "purchase", "event_id": "0196e0a4-0000-7000-8000-000000000001",
            "campaign_id": "spring", "order_id": "o", "revenue": 30,
            "items": [{"product_id": "a"}, {"product_id": "b"}]}]);
        for _ in 0..2 {
            platform.collect(&tenant.collect_key, &order).await.expect(202);
        }
        platform.collect(&tenant.collect_key, &impressions(40)).await.expect(202);
        let mixed = json!([{"type": "page_view"}, {"type": 17}]);
        platform.collect(&tenant.collect_key, &mixed).await.expect(202);
        let expected = json!([42, 43, 1, 0]);
        eventually("the usage is complete", async || {
            let usage = used(&platform, &admin, &tenant).await;
            let found = ["events", "rows", "rejects", "set_aside"].map(|name| usage[name].clone());
            (json!(found) == expected).then_some(())
        })
        .await;
        let own = platform.get(&tenant.owner, "/v1/usage").await.expect(200).json();
        assert_eq!(own["totals"]["events"], 42);
        assert!(own["totals"]["event_bytes"].as_u64().unwrap() > 0);
        assert!(own["storage_bytes"].as_u64().unwrap() > 0);
    }
}

/// Returns a receipt once the tenant is erased: a minute to settle, twice, and the steps.
async fn erased(platform: &Platform, admin: &str, tenant: &Tenant) -> Value {
    let began = Instant::now();
    loop {
        let path = format!("/v1/admin/tenants/{}/offboarding", tenant.id);
        let shown = platform.get(admin, &path).await.expect(200).json();
        if shown["state"] == "erased" {
            return shown["receipt"].clone();
        }
        assert!(began.elapsed() < Duration::from_secs(300), "not erased: {shown}");
        sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn an_offboarded_tenant_is_erased_everywhere_and_its_neighbours_stay() {
    let platform = Platform::start().await;
    let admin = platform.admin().await;
    let neighbour = platform.onboard_by(&admin, Tier::Shared, json!({})).await;
    platform.collect(&neighbour.collect_key, &impressions(11)).await.expect(202);
    platform.wait_for_count(&neighbour, "spring", "impressions", 11).await;
    let mut gone = Vec::new();
    for tier in [Tier::Shared, Tier::Schema] {
        let tenant = platform.onboard_by(&admin, tier, json!({})).await;
        let mixed = json!([{"type": "page_view", "visitor_id": tenant.id}, {"type": 17}]);
        platform.collect(&tenant.collect_key, &mixed).await.expect(202);
        platform.collect(&tenant.collect_key, &impressions(20)).await.expect(202);
        platform.wait_for_count(&tenant, "spring", "impressions", 20).await;
        eventually("the reject is stored", async || {
            let usage = used(&platform, &admin, &tenant).await;
            (usage["rejects"] == 1).then_some(())
        })
        .await;
        let path = platform.api(&format!("/v1/admin/tenants/{}", tenant.id));
        let order = json!({"reason": "The contract has ended", "grace_days": 0});
        let begun = platform.client().delete(path).bearer_auth(&admin).json(&order);
        assert_eq!(begun.send().await.unwrap().status(), 202);
        gone.push(tenant);
    }
    for tenant in &gone {
        let receipt = erased(&platform, &admin, tenant).await;
        let text = receipt["text"].as_str().unwrap();
        let erased: Value = serde_json::from_str(text).unwrap();
        let erased = &erased["erased"];
        assert_eq!(erased["clickhouse"]["event_rows"], 21, "{text}");
        assert_eq!(erased["clickhouse"]["rejects"], 1, "{text}");
        assert_eq!(erased["archive"]["records"], 21, "{text}");
        assert!(erased["redis"]["keys"].as_u64().unwrap() > 0, "{text}");
        assert_eq!(erased["postgres"]["tenant"], 1, "{text}");
        assert_eq!(erased["postgres"]["data_key"], 1, "no copy of the archive can be read: {text}");
        platform.collect(&tenant.collect_key, &impressions(1)).await.expect(401);
        platform.get(&tenant.owner, "/v1/campaigns").await.expect(401);
        let shown = platform.get(&admin, &format!("/v1/admin/tenants/{}", tenant.id)).await;
        shown.expect(404);
    }
    // What is left is whole: the archive has every object in its bytes, and the log every row.
    platform.run(&["reconcile", "--full"]);
    platform.run(&["audit-log", "verify"]);
    let usage = used(&platform, &admin, &neighbour).await;
    assert_eq!(usage["events"], 11);
}
