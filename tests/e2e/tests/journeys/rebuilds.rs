//! A private Redis is killed, emptied, restored to an older file and filled up; every answer stays
//! right, and in the end all hours are in Redis again.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use testkit::{Platform, RedisServer, Tier, eventually};
use tokio::time::{sleep, timeout};

use crate::{agreement::Stores, backfill, live::Stream, marks::wait_for_marks, oracle::Oracle};

/// The range of the queries, which Redis serves completely.
const HOURS: i64 = 70;

/// Events of one round.
const ROUND: u64 = 20;

/// Returns times on several days of UTC: the present, and three that a stream does not show.
fn moments() -> [DateTime<Utc>; 4] {
    [0, 3, 30, 68].map(|hours| Utc::now() - TimeDelta::hours(hours))
}

async fn on_its_own_redis(arguments: &[&str]) -> (RedisServer, Platform) {
    let mut platform = Platform::prepare().await;
    let redis = RedisServer::start(platform.folder(), arguments).await;
    platform.use_redis(&redis);
    platform.restart().await;
    (redis, platform)
}

async fn command(redis: &RedisServer, words: &[&str]) {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd(words[0]).arg(&words[1..]).exec_async(&mut connection).await.unwrap();
}

async fn send_history(platform: &Platform, shops: &[Oracle]) {
    for shop in shops {
        for at in moments() {
            shop.send(platform, ROUND, at).await;
        }
    }
}

/// Sends and queries for a while; every answer must be right.
async fn send_and_query(platform: &Platform, shops: &[Oracle]) {
    for _ in 0..ROUND {
        for shop in shops {
            shop.send(platform, 1, Utc::now()).await;
            shop.ask(platform, HOURS).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Waits until Redis alone answers for all hours; every answer meanwhile must be right. Then Redis
/// must have the same numbers as ClickHouse.
async fn wait_until_complete(platform: &Platform, shops: &[Oracle]) {
    let stores = Stores::of(platform).await;
    for shop in shops {
        eventually("redis answers for all hours", async || {
            let source = shop.ask(platform, HOURS).await;
            (source.contains("redis") && !source.contains("clickhouse")).then_some(())
        })
        .await;
        platform.wait_for_count(&shop.tenant, "spring", "impressions", shop.sent()).await;
        stores.agree_over(&shop.tenant, "spring", HOURS).await;
    }
}

/// Reads the present quarter hours of a stream until their sum is `last`; no number may decrease.
async fn never_goes_down(stream: &mut Stream, last: u64) {
    let present = Utc::now() - TimeDelta::hours(2);
    let mut shown = BTreeMap::<DateTime<Utc>, u64>::new();
    let watched = async {
        while shown.values().sum::<u64>() != last {
            let frame = stream.next().await;
            for bucket in frame.data["buckets"].as_array().into_iter().flatten() {
                let start = bucket["start"].as_str().unwrap().parse().unwrap();
                if start < present {
                    continue;
                }
                let now = bucket["impressions"].as_u64().unwrap();
                let before = shown.insert(start, now).unwrap_or_default();
                assert!(now >= before, "{before}, then {frame:?}");
            }
        }
    };
    timeout(Duration::from_secs(60), watched).await.expect("the sum is reached");
}

#[tokio::test]
async fn a_redis_that_lost_everything_is_rebuilt_under_live_traffic() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let mut shops = Vec::new();
    for tier in Tier::ALL {
        shops.push(Oracle::new(platform.onboard(tier).await));
    }
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    wait_for_marks(&platform).await;
    for _ in 0..2 {
        tokio::join!(redis.wipe(), send_and_query(&platform, &shops));
        wait_until_complete(&platform, &shops).await;
    }
}

#[tokio::test]
async fn a_redis_with_an_older_file_reads_the_log_again_and_no_stream_goes_down() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    let older = redis.save();
    send_and_query(&platform, &shops).await;
    wait_for_marks(&platform).await;

    let mut stream = Stream::open(&platform, &shops[0].tenant.advertiser, None).await;
    let set_back = async {
        redis.restore(&older).await;
        send_and_query(&platform, &shops).await;
    };
    tokio::join!(never_goes_down(&mut stream, 3 * ROUND), set_back);
    wait_until_complete(&platform, &shops).await;
}

#[tokio::test]
async fn a_redis_with_a_file_older_than_the_log_is_rebuilt() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    let older = redis.save();
    send_and_query(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    wait_for_marks(&platform).await;

    delete_all_records(&platform).await;
    tokio::join!(redis.restore(&older), send_and_query(&platform, &shops));
    wait_until_complete(&platform, &shops).await;
}

/// Deletes every record of the log, as retention would.
pub(crate) async fn delete_all_records(platform: &Platform) {
    let config: ClientConfig = testkit::kafka_client().into_iter().collect();
    let admin: AdminClient<DefaultClientContext> = config.create().unwrap();
    let topic = &platform.settings()["FOOTFALL__KAFKA__EVENTS_TOPIC"];
    let mut ends = TopicPartitionList::new();
    for partition in 0..6 {
        ends.add_partition_offset(topic, partition, Offset::End).unwrap();
    }
    let deleted = admin.delete_records(&ends, &AdminOptions::new()).await.unwrap();
    assert!(deleted.elements().iter().all(|element| element.error().is_ok()));
}

#[tokio::test]
async fn backfilled_rows_are_counted_again() {
    let (mut redis, mut platform) = on_its_own_redis(&[]).await;
    // Otherwise the reconciliation would restore the rows before the backfill.
    platform.set("FOOTFALL__PROCESSOR__AUDIT_SECONDS", "3600");
    platform.restart().await;
    let shops = [Oracle::new(platform.onboard(Tier::Schema).await)];
    let shop = &shops[0];
    let began = Utc::now() - TimeDelta::minutes(5);
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    wait_for_marks(&platform).await;

    backfill::empty(&shop.tenant).await;
    redis.wipe().await;
    let stores = Stores::of(&platform).await;
    eventually("redis was rebuilt from no rows", async || {
        let found = stores.found(&shop.tenant, "spring", HOURS).await;
        (found.covered.is_some() && found.series.is_empty()).then_some(())
    })
    .await;

    let from = began.to_rfc3339();
    let to = Utc::now().to_rfc3339();
    let backfill = ["backfill", "--tenant", &shop.tenant.id, "--from", &from, "--to", &to];
    // Does not block the runtime, which drives this test's connections.
    let mut backfill = platform.spawn(&backfill);
    backfill.ended().await;
    assert!(backfill.last_lines().contains("rows repaired"), "{}", backfill.last_lines());
    platform.wait_for_count(&shop.tenant, "spring", "impressions", shop.sent()).await;
    wait_until_complete(&platform, &shops).await;
}

#[tokio::test]
async fn a_redis_without_memory_makes_no_answer_wrong_and_continues_when_there_is_room() {
    let (redis, platform) = on_its_own_redis(&["--maxmemory", "32mb"]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    let shop = &shops[0];
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;

    let mut stream = Stream::open(&platform, &shop.tenant.advertiser, None).await;
    command(&redis, &["SETRANGE", "ballast", "40000000", "x"]).await;
    send_and_query(&platform, &shops).await;
    eventually("clickhouse answers for what redis cannot store", async || {
        let source = shop.ask(&platform, HOURS).await;
        (!source.contains("redis")).then_some(())
    })
    .await;
    platform.wait_for_count(&shop.tenant, "spring", "impressions", shop.sent()).await;
    never_goes_down(&mut stream, 2 * ROUND).await;

    command(&redis, &["DEL", "ballast"]).await;
    send_and_query(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
}

#[tokio::test]
async fn another_number_of_slot_groups_causes_a_rebuild() {
    let (_redis, mut platform) = on_its_own_redis(&[]).await;
    let mut shops = Vec::new();
    for _ in 0..4 {
        shops.push(Oracle::new(platform.onboard(Tier::Shared).await));
    }
    send_history(&platform, &shops).await;
    wait_until_complete(&platform, &shops).await;
    for slot_groups in ["4", "1", "4"] {
        wait_for_marks(&platform).await;
        platform.set("FOOTFALL__REDIS__SLOT_BUCKETS", slot_groups);
        platform.restart().await;
        send_and_query(&platform, &shops).await;
        wait_until_complete(&platform, &shops).await;
    }
}

#[tokio::test]
async fn a_rebuild_waits_until_clickhouse_has_what_redis_lost() {
    let mut platform = Platform::prepare().await;
    let mut redis = RedisServer::start(platform.folder(), &[]).await;
    platform.use_redis(&redis);
    let _collector = platform.spawn(&["collector"]);
    let _api = platform.spawn(&["api"]);
    platform.wait_until_ready().await;
    let _live = platform.spawn(&["processor", "--sink", "live"]);
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    let stores = Stores::of(&platform).await;
    eventually("redis has counted the events", async || {
        let found = stores.found(&shops[0].tenant, "spring", HOURS).await;
        (found.series.len() == moments().len()).then_some(())
    })
    .await;
    wait_for_marks(&platform).await;

    redis.wipe().await;
    for _ in 0..ROUND {
        let source = shops[0].ask(&platform, HOURS).await;
        assert!(!source.contains("redis"), "clickhouse has nothing yet: {source}");
        sleep(Duration::from_millis(200)).await;
    }
    let _store = platform.spawn(&["processor", "--sink", "store"]);
    wait_until_complete(&platform, &shops).await;
}
