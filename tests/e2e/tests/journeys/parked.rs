//! Events over a quota wait for their owner, who sees and releases them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testkit::{Platform, Tier, eventually};

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
    let platform = Platform::start().await;
    let limits = json!({"quotas": {"events_per_hour": 2, "over_quota": "park"}});
    let tenant = platform.onboard_limited(Tier::Schema, limits).await;
    let of = |visitor: &str, count: usize| {
        let event =
            json!({"type": "ad_impression", "campaign_id": "spring", "visitor_id": visitor});
        json!(vec![event; count])
    };
    platform.collect(&tenant.collect_key, &of("bob", 2)).await.expect(202);
    for (visitor, count) in [("ann", 2), ("bob", 1)] {
        let events = of(visitor, count);
        let parked = platform.collect(&tenant.collect_key, &events).await.expect(202).json();
        assert_eq!(parked["counts"]["parked"], count, "{parked}");
    }
    eventually("three events are parked", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        (seen["events"] == 3).then_some(())
    })
    .await;

    let persons = json!({"visitors": ["ann"]});
    let exported = platform.post(&tenant.owner, "/v1/privacy/export", &persons).await.expect(200);
    let lines: Vec<Value> =
        exported.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        let found = (&line["record"], &line["event"]["visitor_id"]);
        assert_eq!(found, (&json!("parked"), &json!("ann")), "{line}");
    }

    platform.post(&tenant.owner, "/v1/privacy/erase", &persons).await.expect(202);
    platform.post(&tenant.owner, "/v1/parked/release", &json!({})).await.expect(202);
    let released = eventually("the order is carried out", async || {
        let seen = platform.get(&tenant.owner, "/v1/parked").await.expect(200).json();
        let order = seen["orders"][0].clone();
        order["finished_at"].is_string().then_some(order)
    })
    .await;
    assert_eq!(released["events"], 3, "the log has all of them: {released}");
    // Both sinks have passed the records of all three, and count one of them.
    let released_at: DateTime<Utc> = released["finished_at"].as_str().unwrap().parse().unwrap();
    let metrics = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions";
    let query = json!({"metrics": ["impressions"], "dimensions": ["campaign"]});
    for (path, body) in [(metrics, None), ("/v1/query", Some(&query))] {
        let answer = eventually("the answer is as of the release", async || {
            let answer = match body {
                None => platform.get(&tenant.owner, path).await,
                Some(body) => platform.post(&tenant.owner, path, body).await,
            };
            let answer = answer.expect(200).json();
            let as_of: DateTime<Utc> = answer["as_of"].as_str()?.parse().ok()?;
            (as_of > released_at).then_some(answer)
        })
        .await;
        let totals = &answer["totals"];
        let impressions = totals.get("values").unwrap_or(totals)["impressions"].clone();
        assert_eq!(impressions, 3, "{answer}");
    }
}
