//! Events over a quota wait for their owner, who sees and releases them.

use std::os::unix::process::ExitStatusExt;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier, eventually, program};

use crate::persons;

/// The signal of a process that has aborted.
const ABORTED: i32 = 6;

#[tokio::test]
async fn events_over_the_quota_of_an_hour_are_parked_seen_released_and_then_reported() {
    let platform = Platform::start().await;
    let limits = json!({"quotas": {"events_per_hour": 2, "over_quota": "park"}});
    let tenant = platform.onboard_limited(Tier::Schema, limits).await;
    let other = platform.onboard(Tier::Shared).await;
    let two = json!(vec![json!({"type": "ad_impression", "campaign_id": "spring"}); 2]);
    let accepted = platform.collect(&tenant.collect_key, &two).await.expect(202).json();
    assert_eq!(accepted["counts"]["accepted"], 2, "{accepted}");
    for _ in 0..2 {
        let parked = platform.collect(&tenant.collect_key, &two).await.expect(202).json();
        assert_eq!(parked["counts"]["parked"], 2, "{parked}");
    }
    let seen = eventually("the owner sees four parked events", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        (seen["events"] == 4).then_some(seen)
    })
    .await;
    assert!(seen["bytes"].as_u64().unwrap() > 0, "{seen}");
    assert!(seen["hours"][0]["expires_at"].is_string(), "{seen}");
    platform.wait_for_count(&tenant, "spring", "impressions", 2).await;

    let theirs = platform.get(&other.owner, "/v1/parked").await.expect(200).json();
    assert_eq!((&theirs["events"], &theirs["orders"]), (&json!(0), &json!([])));
    platform.post(&other.owner, "/v1/parked/release", &json!({})).await.expect(202);
    platform.post(&tenant.owner, "/v1/parked/release", &json!({})).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 6).await;
    let done: Value = eventually("the order is carried out", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        seen["orders"][0]["finished_at"].is_string().then_some(seen)
    })
    .await;
    assert_eq!((&done["events"], &done["orders"][0]["events"]), (&json!(0), &json!(4)));
    platform.wait_for_count(&tenant, "spring", "impressions", 6).await;
}

#[tokio::test]
async fn parked_events_of_a_person_are_exported_and_after_an_erasure_a_release_applies_none() {
    let platform = persons::platform().await;
    let limits = json!({"quotas": {"events_per_hour": 2, "over_quota": "park"}});
    let tenant = platform.onboard_limited(Tier::Schema, limits).await;
    platform.collect(&tenant.collect_key, &impressions("bob", 2)).await.expect(202);
    for (visitor, count) in [("ann", 2), ("bob", 1)] {
        let events = impressions(visitor, count);
        let parked = platform.collect(&tenant.collect_key, &events).await.expect(202).json();
        assert_eq!(parked["counts"]["parked"], count, "{parked}");
    }
    until_parked(&platform, &tenant, 3).await;

    let ann = json!({"visitors": ["ann"]});
    let exported = platform.post(&tenant.owner, "/v1/privacy/export", &ann).await.expect(200);
    let lines: Vec<Value> =
        exported.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        let found = (&line["record"], &line["event"]["visitor_id"]);
        assert_eq!(found, (&json!("parked"), &json!("ann")), "{line}");
    }

    let begun = platform.post(&tenant.owner, "/v1/privacy/erase", &ann).await.expect(202);
    persons::receipt(&platform, &tenant, begun.json()["id"].as_str().unwrap()).await;
    platform.post(&tenant.owner, "/v1/parked/release", &json!({})).await.expect(202);
    let released = finished(&platform, &tenant).await;
    assert_eq!(released["events"], 3, "the log has all of them: {released}");
    let released_at = released["finished_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(counted(&platform, &tenant, released_at).await, [3, 3]);
}

#[tokio::test]
async fn a_processor_that_aborts_in_the_middle_of_a_release_loses_and_doubles_nothing() {
    let failing = program("footfall-with-failpoints");
    let platform = Platform::start_without_processor_with(&failing).await;
    let limits = json!({"quotas": {"events_per_hour": 2, "over_quota": "park"}});
    let tenant = platform.onboard_limited(Tier::Shared, limits).await;
    let failpoint = ("FOOTFALL_FAILPOINTS", "release=abort@1".to_owned());
    let mut aborting = platform.spawn_as("aborting", &["processor"], [failpoint]);
    platform.collect(&tenant.collect_key, &impressions("bob", 2)).await.expect(202);
    let over = platform.collect(&tenant.collect_key, &impressions("bob", 300)).await;
    assert_eq!(over.expect(202).json()["counts"]["parked"], 300);
    until_parked(&platform, &tenant, 300).await;

    platform.post(&tenant.owner, "/v1/parked/release", &json!({})).await.expect(202);
    let status = eventually("the processor aborts", async || aborting.exited()).await;
    assert_eq!(status.signal(), Some(ABORTED), "{}", aborting.last_lines());
    // Some of them are in the log of events, and still counted as parked.
    let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
    assert_eq!((&seen["events"], &seen["orders"][0]["events"]), (&json!(300), &json!(0)));

    let _processor = platform.spawn(&["processor"]);
    let released = finished(&platform, &tenant).await;
    assert_eq!(released["events"], 300, "{released}");
    let released_at = released["finished_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(counted(&platform, &tenant, released_at).await, [302, 302]);
}

fn impressions(visitor: &str, count: usize) -> Value {
    let event = json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": visitor});
    json!(vec![event; count])
}

async fn until_parked(platform: &Platform, tenant: &Tenant, count: u64) {
    eventually(&format!("{count} events are parked"), async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        (seen["events"] == count).then_some(())
    })
    .await;
}

/// Returns the latest order, once it is carried out.
async fn finished(platform: &Platform, tenant: &Tenant) -> Value {
    eventually("the order is carried out", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        let order = seen["orders"][0].clone();
        order["finished_at"].is_string().then_some(order)
    })
    .await
}

/// Returns the impressions of the campaign in the metrics and in a query, each from an answer that has everything which
/// the log received before `since`.
async fn counted(platform: &Platform, tenant: &Tenant, since: DateTime<Utc>) -> [u64; 2] {
    let metrics = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions";
    let query = json!({"metrics": ["impressions"], "dimensions": ["campaign"]});
    let is_later = |answer: &Value| {
        let as_of = answer["as_of"].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
        as_of.is_some_and(|as_of| as_of > since)
    };
    let found = eventually("the metrics are as of later", async || {
        let answer = platform.get(&tenant.owner, metrics).await.expect(200).json();
        is_later(&answer).then_some(answer)
    })
    .await;
    let queried = eventually("the query is as of later", async || {
        let answer = platform.post(&tenant.owner, "/v1/query", &query).await.expect(200).json();
        is_later(&answer).then_some(answer)
    })
    .await;
    let totals = [&found["totals"], &queried["totals"]["values"]];
    totals.map(|totals| totals["impressions"].as_u64().unwrap())
}
