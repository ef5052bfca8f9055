//! Refused events are listed for their tenant, and count once they are corrected and resubmitted.

use std::{collections::BTreeSet, time::Duration};

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use reqwest::Client;
use serde_json::{Value, json};
use settings::Secret;
use testkit::{Platform, Tenant, Tier, eventually};
use tokio::time::sleep;
use uuid::Uuid;
use warehouse::ClusterSettings;

const KILLS: u32 = 8;
const SEED: u64 = 20_261_121;

/// Waits until the tenant has `count` rejects, and lists them.
async fn listed(platform: &Platform, tenant: &Tenant, count: usize) -> Value {
    eventually(&format!("{count} rejects of {}", tenant.id), async || {
        let listed = platform.get(&tenant.owner, "/v1/rejects?limit=500").await.expect(200).json();
        let found = listed["counts"].as_object().unwrap().values();
        let found: u64 = found.map(|count| count.as_u64().unwrap()).sum();
        (found >= count as u64).then_some(listed)
    })
    .await
}

async fn resubmit(platform: &Platform, tenant: &Tenant, order: &Value) -> Value {
    platform.post(&tenant.owner, "/v1/rejects/resubmit", order).await.expect(202).json()
}

/// Returns the id and the receipt time of every event of a tenant with its own database.
async fn collected(tenant: &Tenant) -> Vec<(Uuid, DateTime<Utc>)> {
    let statement = format!(
        "SELECT event_id, toUnixTimestamp64Milli(collected_at) FROM tenant_{}.events",
        tenant.id.replace('-', "_")
    );
    let ClusterSettings { url, writer_user, writer_password, .. } = testkit::cluster("dedicated");
    let request = Client::new().post(url).body(statement);
    let request = request.basic_auth(writer_user, Some(Secret::expose(&writer_password)));
    let text = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
    let row = |line: &str| {
        let (id, millis) = line.split_once('\t').unwrap();
        let at = DateTime::from_timestamp_millis(millis.parse().unwrap()).unwrap();
        (id.parse().unwrap(), at)
    };
    text.lines().map(row).collect()
}

#[tokio::test]
async fn refused_events_are_listed_for_their_own_tenant_and_count_once_corrected() {
    let platform = Platform::start().await;
    let tenants = [platform.onboard(Tier::Shared).await, platform.onboard(Tier::Dedicated).await];
    let sent = Uuid::now_v7();
    for tenant in &tenants {
        let named = json!({"type": "ad_impression", "event_id": sent, "note": tenant.id});
        let nameless = json!({"type": "ad_impression", "campaign_id": "spring", "cost": tenant.id});
        let receipt = platform.collect(&tenant.collect_key, &json!([named, nameless])).await;
        assert_eq!(receipt.expect(422).json()["counts"]["rejected"], 2);
    }
    for (tenant, other) in [(&tenants[0], &tenants[1]), (&tenants[1], &tenants[0])] {
        let rejects = listed(&platform, tenant, 2).await;
        assert_eq!(rejects["counts"], json!({"missing_field": 1, "invalid_value": 1}));
        let all = rejects["data"].as_array().unwrap();
        assert!(!rejects.to_string().contains(&other.id), "{rejects}");
        let of = |code: &str| all.iter().find(|reject| reject["code"] == code).unwrap();
        let named = of("missing_field");
        let nameless = of("invalid_value");
        let original: Value = serde_json::from_str(named["original"].as_str().unwrap()).unwrap();
        let expected = json!({"type": "ad_impression", "event_id": sent, "note": tenant.id});
        assert_eq!(original, expected);
        assert_eq!((&named["event_id"], &named["pointer"]), (&json!(sent), &json!("/campaign_id")));

        let corrected = json!({"type": "ad_impression", "campaign_id": "spring"});
        let order = json!({"events": [
            {"id": named["id"], "body": corrected}, {"id": nameless["id"], "body": corrected}]});
        let first = resubmit(&platform, tenant, &order).await;
        assert_eq!(first["counts"]["resubmitted"], 2, "{first}");
        platform.wait_for_count(tenant, "spring", "impressions", 2).await;
        let second = resubmit(&platform, tenant, &order).await;
        assert_eq!(second["counts"]["already_resubmitted"], 2, "{second}");
        let foreign = resubmit(&platform, other, &json!({"ids": [named["id"]]})).await;
        let missing = resubmit(&platform, other, &json!({"ids": [Uuid::now_v7()]})).await;
        assert_eq!(foreign["counts"]["not_found"], 1);
        assert_eq!(foreign, missing);
    }

    // Later events show that the second resubmission had no effect.
    let tenant = &tenants[1];
    let click = json!([{"type": "ad_click", "campaign_id": "spring"}]);
    platform.collect(&tenant.collect_key, &click).await.expect(202);
    platform.wait_for_count(tenant, "spring", "clicks", 1).await;
    platform.wait_for_count(tenant, "spring", "impressions", 2).await;
    let rejects = listed(&platform, tenant, 2).await;
    // The counts above come from Redis: ClickHouse has the same events a moment later.
    let collected = eventually("ClickHouse has the click", async || {
        Some(collected(tenant).await).filter(|rows| rows.len() >= 3)
    })
    .await;
    assert_eq!(collected.len(), 3, "{collected:?}");
    for reject in rejects["data"].as_array().unwrap() {
        let received_at: DateTime<Utc> = reject["received_at"].as_str().unwrap().parse().unwrap();
        assert!(collected.iter().any(|(_, at)| *at == received_at), "{reject} {collected:?}");
        assert!(reject["resubmitted_at"].is_string(), "{reject}");
        assert_eq!(reject["replayed_at"], reject["resubmitted_at"], "the former name");
    }
    assert_eq!(collected.iter().filter(|(id, _)| *id == sent).count(), 1);
}

#[tokio::test]
async fn an_event_too_old_for_its_key_is_resubmitted_by_the_owner_with_its_own_time() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let long_ago = "2026-01-15T12:00:00Z";
    let click = json!({"type": "ad_click", "campaign_id": "spring", "event_time": long_ago});
    let body = json!({"visitor_id": "v1", "events": [click]});
    let answer = platform.collect(&tenant.collect_key, &body).await.expect(422).json();
    assert_eq!(answer["outcomes"][0]["code"], "too_old");
    let rejects = listed(&platform, &tenant, 1).await;
    let order = json!({"ids": [rejects["data"][0]["id"]]});
    let resubmitted = resubmit(&platform, &tenant, &order).await;
    assert_eq!(resubmitted["counts"]["resubmitted"], 1, "{resubmitted}");
    let path = "/v1/campaigns/spring/metrics?granularity=total&metrics=clicks\
                &from=2026-01-15T12:00:00Z&to=2026-01-15T12:15:00Z";
    eventually("it is counted in its quarter hour", async || {
        let answer = platform.get(&tenant.owner, path).await;
        (answer.status == 200 && answer.json()["totals"]["clicks"] == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_repeatedly_killed_processor_lists_every_reject_once() {
    let platform = Platform::start_without_processor().await;
    let tenants = [platform.onboard(Tier::Shared).await, platform.onboard(Tier::Schema).await];
    let mut random = StdRng::seed_from_u64(SEED);
    let processor = || platform.spawn(&["processor", "--sink", "rejects"]);
    let mut sent = 0;
    for _ in 0..KILLS {
        let mut member = processor();
        let until =
            tokio::time::Instant::now() + Duration::from_millis(random.random_range(600..2_000));
        while tokio::time::Instant::now() < until {
            for tenant in &tenants {
                let event = json!([{"type": "ad_click", "number": sent}]);
                platform.collect(&tenant.collect_key, &event).await.expect(422);
            }
            sent += 1;
            sleep(Duration::from_millis(20)).await;
        }
        member.must_be_running();
        member.kill();
    }
    let _member = processor();
    for tenant in &tenants {
        let rejects = listed(&platform, tenant, sent).await;
        let counts: Vec<_> = rejects["counts"].as_object().unwrap().values().collect();
        assert_eq!(counts, [&json!(sent)]);
        let originals = originals(&platform, tenant).await;
        let distinct: BTreeSet<_> = originals.iter().collect();
        assert_eq!((originals.len(), distinct.len()), (sent, sent));
    }
}

/// Returns the original event of every reject, page by page.
async fn originals(platform: &Platform, tenant: &Tenant) -> Vec<String> {
    let mut originals = Vec::new();
    let mut page = String::new();
    loop {
        let path = format!("/v1/rejects?limit=100{page}");
        let listed = platform.get(&tenant.owner, &path).await.expect(200).json();
        let data = listed["data"].as_array().unwrap().iter();
        originals.extend(data.map(|reject| reject["original"].as_str().unwrap().to_owned()));
        match listed["next_cursor"].as_str() {
            Some(cursor) => page = format!("&cursor={cursor}"),
            None => return originals,
        }
    }
}
