//! Redis loses data; no answer is wrong, and no operator has to act.

use std::time::Duration;

use chrono::Utc;
use redis::{AsyncCommands, aio::MultiplexedConnection};
use testkit::{Platform, Tenant, Tier, eventually};
use tokio::time::timeout;

use crate::{
    agreement::Stores,
    live::{Stream, impressions},
    marks::wait_for_marks,
};

const TODAY: &str = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions";

async fn counted(platform: &Platform, tenant: &Tenant) -> u64 {
    let answer = platform.get(&tenant.owner, TODAY).await.expect(200).json();
    answer["totals"]["impressions"].as_u64().unwrap()
}

/// Returns every Redis key of this platform.
async fn keys(platform: &Platform) -> (MultiplexedConnection, Vec<String>) {
    let url = testkit::setting("FOOTFALL__REDIS__URL");
    let mut connection =
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("{}*", platform.settings()["FOOTFALL__REDIS__NAMESPACE"]);
    let keys = connection.keys(pattern).await.unwrap();
    (connection, keys)
}

/// Deletes every key of this platform, like a Redis that lost its disk.
async fn delete_all_keys(platform: &Platform) -> usize {
    let (mut connection, keys) = keys(platform).await;
    connection.del::<_, usize>(&keys).await.unwrap()
}

/// Dumps every key, as the file of a Redis would have it now.
async fn dump(platform: &Platform) -> Vec<(String, Vec<u8>)> {
    let (mut connection, keys) = keys(platform).await;
    let mut saved = Vec::new();
    for key in keys {
        let value: Option<Vec<u8>> =
            redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.unwrap();
        saved.extend(value.map(|value| (key, value)));
    }
    saved
}

/// Replaces all keys by a dump, like a Redis with an older file.
async fn restore(platform: &Platform, saved: &[(String, Vec<u8>)]) {
    let (mut connection, keys) = keys(platform).await;
    let mut pipeline = redis::pipe();
    pipeline.atomic().del(keys).ignore();
    for (key, value) in saved {
        pipeline.cmd("RESTORE").arg(key).arg(3_600_000).arg(value.as_slice()).ignore();
    }
    pipeline.exec_async(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_redis_that_lost_everything_makes_no_answer_wrong() {
    let now = Utc::now();
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.collect(&tenant.collect_key, &impressions(5, now)).await.expect(202);
    let stores = Stores::of(&platform).await;
    stores.agree(&tenant, "spring").await;
    wait_for_marks(&platform).await;

    assert!(delete_all_keys(&platform).await > 0, "there were no keys to delete");
    for _ in 0..20 {
        assert_eq!(
            counted(&platform, &tenant).await,
            5,
            "redis has no counters, clickhouse answers"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    platform.collect(&tenant.collect_key, &impressions(3, now)).await.expect(202);
    eventually("the three later events are counted", async || {
        let counted = counted(&platform, &tenant).await;
        assert!((5..=8).contains(&counted), "{counted}");
        (counted == 8).then_some(())
    })
    .await;
    eventually("only redis answers again", async || {
        let answer = platform.get(&tenant.owner, TODAY).await;
        assert_eq!(answer.json()["totals"]["impressions"], 8);
        (!answer.header("server-timing").contains("clickhouse")).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_redis_with_an_older_file_makes_no_number_go_down() {
    let now = Utc::now();
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.collect(&tenant.collect_key, &impressions(5, now)).await.expect(202);
    let stores = Stores::of(&platform).await;
    stores.agree(&tenant, "spring").await;
    let saved = dump(&platform).await;
    platform.collect(&tenant.collect_key, &impressions(3, now)).await.expect(202);
    platform.wait_for_count(&tenant, "spring", "impressions", 8).await;
    stores.agree(&tenant, "spring").await;
    wait_for_marks(&platform).await;

    restore(&platform, &saved).await;
    for _ in 0..60 {
        assert_eq!(counted(&platform, &tenant).await, 8);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stores.agree(&tenant, "spring").await;
}

#[tokio::test]
async fn a_stream_continues_after_redis_lost_everything() {
    let now = Utc::now();
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    let mut stream = Stream::open(&platform, &tenant.advertiser, None).await;
    assert_eq!(stream.next().await.event, "snapshot");
    platform.collect(&tenant.collect_key, &impressions(5, now)).await.expect(202);
    stream.until_impressions(5).await;
    platform.wait_for_count(&tenant, "spring", "impressions", 5).await;
    wait_for_marks(&platform).await;

    assert!(delete_all_keys(&platform).await > 0, "there were no keys to delete");
    platform.collect(&tenant.collect_key, &impressions(3, now)).await.expect(202);
    // Without the counters that are lost, no update would ever have eight.
    timeout(Duration::from_secs(60), stream.until_impressions(8)).await.expect("an update");
    let mut second = Stream::open(&platform, &tenant.advertiser, None).await;
    let snapshot = second.next().await;
    assert_eq!(snapshot.data["today"]["impressions"], 8);
}
