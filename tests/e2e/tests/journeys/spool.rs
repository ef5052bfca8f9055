//! Kafka is unreachable for the collector, and the collector is killed; the counts are exact.

use chrono::Utc;
use testkit::{KafkaSwitch, Platform, Process, Tenant, Tier, eventually, setting};
use uuid::Uuid;

use serde_json::{Value, json};

use crate::agreement::Stores;

const BATCH: u64 = 100;

#[tokio::test]
async fn events_spooled_by_a_killed_collector_are_counted_once() {
    let platform = Platform::prepare().await;
    let switch = KafkaSwitch::to(&setting("FOOTFALL__KAFKA__BROKERS"));
    let _api = platform.spawn(&["api"]);
    let _processor = platform.spawn(&["processor"]);
    ready(&platform, &platform.api("/readyz")).await;
    let stores = Stores::of(&platform).await;
    let tenant = platform.onboard(Tier::Shared).await;

    let mut sent = 0;
    let mut collector = collector(&platform, &switch).await;
    sent += accepted(&platform, &tenant, 1).await;
    platform.wait_for_count(&tenant, "spring", "impressions", sent).await;

    switch.cut();
    for _ in 0..3 {
        sent += accepted(&platform, &tenant, 5).await;
        collector.kill();
        collector = self::collector(&platform, &switch).await;
    }
    // Killed while it drains the spool: it publishes the same events again.
    for _ in 0..3 {
        switch.restore();
        sent += accepted(&platform, &tenant, 1).await;
        collector.kill();
        switch.cut();
        collector = self::collector(&platform, &switch).await;
    }
    switch.restore();

    platform.wait_for_count(&tenant, "spring", "impressions", sent).await;
    let spool = platform.folder().join("spool");
    eventually("the spool is empty", async || {
        let mut files = std::fs::read_dir(&spool).unwrap();
        (!files.any(|file| file.unwrap().path().extension().is_some())).then_some(())
    })
    .await;
    platform.wait_for_count(&tenant, "spring", "impressions", sent).await;
    stores.agree(&tenant, "spring").await;
    collector.must_be_running();

    // Removed for good while its spool holds events.
    switch.cut();
    sent += accepted(&platform, &tenant, 2).await;
    collector.kill();
    platform.run(&["collector", "--drain-only"]);
    platform.wait_for_count(&tenant, "spring", "impressions", sent).await;
    stores.agree(&tenant, "spring").await;
}

/// Starts a collector that reaches Kafka through `switch`, and waits until it accepts events.
async fn collector(platform: &Platform, switch: &KafkaSwitch) -> Process {
    let brokers = ("FOOTFALL__KAFKA__BROKERS", switch.address());
    let mut process = platform.spawn_as("collector", &["collector"], [brokers]);
    eventually("the collector is ready", async || {
        process.must_be_running();
        let answer = platform.client().get(platform.collector("/readyz")).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
    process
}

async fn ready(platform: &Platform, url: &str) {
    eventually("the api is ready", async || {
        let answer = platform.client().get(url).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}

/// Sends batches, which must all be accepted; returns the number of events.
async fn accepted(platform: &Platform, tenant: &Tenant, batches: u64) -> u64 {
    for _ in 0..batches {
        let event = |_| {
            json!({"type": "ad_impression", "campaign_id": "spring", "cost": "0.001",
                "event_id": Uuid::now_v7(), "event_time": Utc::now()})
        };
        let events: Value = (0..BATCH).map(event).collect();
        let answer = platform.collect(&tenant.collect_key, &events).await.expect(202).json();
        assert_eq!(answer["counts"]["accepted"], BATCH, "{answer}");
    }
    batches * BATCH
}
