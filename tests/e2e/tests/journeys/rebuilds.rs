//! A Redis of its own is killed, emptied, set back and filled up; every answer stays right, and in
//! the end all hours are in Redis again.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use rdkafka::{
    ClientConfig, Offset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
};
use testkit::{Platform, RedisServer, Tier, eventually};
use tokio::time::{sleep, timeout};

use crate::{agreement::Stores, audit, live::Stream, oracle::Oracle};

/// How far back these journeys look: all of it is served from Redis.
const HOURS: i64 = 70;

/// Events in one go.
const ROUND: u64 = 20;

/// Times in several days of UTC: the present, and three that a stream does not show.
fn moments() -> [DateTime<Utc>; 4] {
    [0, 3, 30, 68].map(|hours| Utc::now() - TimeDelta::hours(hours))
}

async fn on_its_own_redis(arguments: &[&str]) -> (RedisServer, Platform) {
    let mut platform = Platform::prepare().await;
    let redis = RedisServer::start(platform.folder(), arguments).await;
    platform.set("FOOTFALL__REDIS__URL", &redis.url());
    platform.restart().await;
    (redis, platform)
}

async fn command(redis: &RedisServer, words: &[&str]) {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd(words[0]).arg(&words[1..]).exec_async(&mut connection).await.unwrap();
}

/// Until the ledger knows what Redis has counted.
async fn noted() {
    sleep(Duration::from_secs(3)).await;
}

async fn send_history(platform: &Platform, shops: &[Oracle]) {
    for shop in shops {
        for at in moments() {
            shop.send(platform, ROUND, at).await;
        }
    }
}

/// Sends and asks for a while; every answer must be right.
async fn go_on(platform: &Platform, shops: &[Oracle]) {
    for _ in 0..ROUND {
        for shop in shops {
            shop.send(platform, 1, Utc::now()).await;
            shop.ask(platform, HOURS).await;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// Until Redis alone answers for all hours; every answer on the way must be right. What it holds
/// then is what ClickHouse holds.
async fn whole_again(platform: &Platform, shops: &[Oracle]) {
    let stores = Stores::of(platform).await;
    for shop in shops {
        eventually("redis answers for all hours", async || {
            let source = shop.ask(platform, HOURS).await;
            (source.contains("redis") && !source.contains("clickhouse")).then_some(())
        })
        .await;
        platform.settled(&shop.tenant, "spring", "impressions", shop.sent()).await;
        stores.agree_over(&shop.tenant, "spring", HOURS).await;
    }
}

/// Reads the present quarter hours that a stream tells until all of `last` is told; no number may
/// go down on the way.
async fn never_goes_down(stream: &mut Stream, last: u64) {
    let present = Utc::now() - TimeDelta::hours(2);
    let mut told = BTreeMap::<DateTime<Utc>, u64>::new();
    let watched = async {
        while told.values().sum::<u64>() != last {
            let frame = stream.next().await;
            for bucket in frame.data["buckets"].as_array().into_iter().flatten() {
                let start = bucket["start"].as_str().unwrap().parse().unwrap();
                if start < present {
                    continue;
                }
                let now = bucket["impressions"].as_u64().unwrap();
                let before = told.insert(start, now).unwrap_or_default();
                assert!(now >= before, "{before}, then {frame:?}");
            }
        }
    };
    timeout(Duration::from_secs(60), watched).await.expect("all of it is told");
}

#[tokio::test]
async fn a_redis_that_lost_everything_is_built_anew_under_live_traffic() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let mut shops = Vec::new();
    for tier in Tier::ALL {
        shops.push(Oracle::new(platform.onboard(tier).await));
    }
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    noted().await;
    for _ in 0..2 {
        tokio::join!(redis.wipe(), go_on(&platform, &shops));
        whole_again(&platform, &shops).await;
    }
}

#[tokio::test]
async fn a_redis_with_an_older_file_takes_the_log_again_and_no_stream_goes_down() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    let older = redis.save();
    go_on(&platform, &shops).await;
    noted().await;

    let mut stream = Stream::open(&platform, &shops[0].tenant.advertiser, None).await;
    let set_back = async {
        redis.restore(&older).await;
        go_on(&platform, &shops).await;
    };
    tokio::join!(never_goes_down(&mut stream, 3 * ROUND), set_back);
    whole_again(&platform, &shops).await;
}

#[tokio::test]
async fn a_redis_with_a_file_older_than_the_log_is_built_anew() {
    let (mut redis, platform) = on_its_own_redis(&[]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    let older = redis.save();
    go_on(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    noted().await;

    forget_the_log(&platform).await;
    tokio::join!(redis.restore(&older), go_on(&platform, &shops));
    whole_again(&platform, &shops).await;
}

/// Deletes every record, as retention would.
async fn forget_the_log(platform: &Platform) {
    let brokers = testkit::setting("FOOTFALL__KAFKA__BROKERS");
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
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
async fn what_a_replay_puts_back_is_counted_again() {
    let (mut redis, mut platform) = on_its_own_redis(&[]).await;
    // Or it would put the rows back before anybody asks for it.
    platform.set("FOOTFALL__PROCESSOR__AUDIT_SECONDS", "3600");
    platform.restart().await;
    let shops = [Oracle::new(platform.onboard(Tier::Schema).await)];
    let shop = &shops[0];
    let began = Utc::now() - TimeDelta::minutes(5);
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    noted().await;

    audit::empty(&shop.tenant).await;
    redis.wipe().await;
    let stores = Stores::of(&platform).await;
    eventually("redis was built anew from nothing", async || {
        let found = stores.found(&shop.tenant, "spring", HOURS).await;
        (found.covered.is_some() && found.series.is_empty()).then_some(())
    })
    .await;

    let (from, to) = (began.to_rfc3339(), Utc::now().to_rfc3339());
    let replay = ["replay", "--tenant", &shop.tenant.id, "--from", &from, "--to", &to];
    // Waited for without blocking: the connections of this test are looked after meanwhile.
    let mut replay = platform.spawn(&replay);
    replay.ended().await;
    assert!(replay.last_lines().contains("put right"), "{}", replay.last_lines());
    platform.settled(&shop.tenant, "spring", "impressions", shop.sent()).await;
    whole_again(&platform, &shops).await;
}

#[tokio::test]
async fn a_redis_without_memory_makes_no_answer_wrong_and_goes_on_when_there_is_room() {
    let (redis, platform) = on_its_own_redis(&["--maxmemory", "32mb"]).await;
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    let shop = &shops[0];
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;

    let mut stream = Stream::open(&platform, &shop.tenant.advertiser, None).await;
    command(&redis, &["SETRANGE", "ballast", "40000000", "x"]).await;
    go_on(&platform, &shops).await;
    eventually("clickhouse has what redis cannot take", async || {
        let source = shop.ask(&platform, HOURS).await;
        (!source.contains("redis")).then_some(())
    })
    .await;
    platform.settled(&shop.tenant, "spring", "impressions", shop.sent()).await;
    never_goes_down(&mut stream, 2 * ROUND).await;

    command(&redis, &["DEL", "ballast"]).await;
    go_on(&platform, &shops).await;
    whole_again(&platform, &shops).await;
}

#[tokio::test]
async fn another_number_of_buckets_is_a_rebuild() {
    let (_redis, mut platform) = on_its_own_redis(&[]).await;
    let mut shops = Vec::new();
    for _ in 0..4 {
        shops.push(Oracle::new(platform.onboard(Tier::Shared).await));
    }
    send_history(&platform, &shops).await;
    whole_again(&platform, &shops).await;
    for buckets in ["4", "1", "4"] {
        noted().await;
        platform.set("FOOTFALL__REDIS__SLOT_BUCKETS", buckets);
        platform.restart().await;
        go_on(&platform, &shops).await;
        whole_again(&platform, &shops).await;
    }
}

#[tokio::test]
async fn a_rebuild_waits_until_clickhouse_has_what_redis_lost() {
    let mut platform = Platform::prepare().await;
    let mut redis = RedisServer::start(platform.folder(), &[]).await;
    platform.set("FOOTFALL__REDIS__URL", &redis.url());
    let _collector = platform.spawn(&["collector"]);
    let _api = platform.spawn(&["api"]);
    platform.ready().await;
    let _live = platform.spawn(&["processor", "--sink", "live"]);
    let shops = [Oracle::new(platform.onboard(Tier::Shared).await)];
    send_history(&platform, &shops).await;
    let stores = Stores::of(&platform).await;
    eventually("redis has counted it", async || {
        let found = stores.found(&shops[0].tenant, "spring", HOURS).await;
        (found.series.len() == moments().len()).then_some(())
    })
    .await;
    noted().await;

    redis.wipe().await;
    for _ in 0..ROUND {
        let source = shops[0].ask(&platform, HOURS).await;
        assert!(!source.contains("redis"), "clickhouse has nothing yet: {source}");
        sleep(Duration::from_millis(200)).await;
    }
    let _store = platform.spawn(&["processor", "--sink", "store"]);
    whole_again(&platform, &shops).await;
}
