//! The processor is killed repeatedly; the counts stay exact.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use testkit::{Platform, Tenant, Tier};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{agreement::Stores, samples};

const KILLS: u32 = 20;
/// Batches of live events sent meanwhile.
const ROUNDS: u32 = 80;
const ROUND: u32 = 50;
const SEED: u64 = 20_191_124;

#[tokio::test]
async fn twenty_kills_during_an_import_lose_and_double_nothing() {
    let platform = Platform::start_without_processor().await;
    let stores = Stores::of(&platform).await;
    let tenants = [platform.onboard(Tier::Shared).await, platform.onboard(Tier::Dedicated).await];
    let mut random = StdRng::seed_from_u64(SEED);
    // Slow enough to last as long as the kills.
    let imports = async {
        let of = |tenant| samples::import(&platform, tenant, "random-men", Some("350"));
        tokio::join!(of(&tenants[0]), of(&tenants[1]));
    };
    let live = async {
        for round in 0..ROUNDS {
            send_live(&platform, &tenants, round).await;
            sleep(Duration::from_millis(300)).await;
        }
    };
    let kills = async {
        for _ in 0..KILLS {
            let mut processor = platform.spawn(&["processor"]);
            sleep(Duration::from_millis(random.random_range(600..2_500))).await;
            processor.must_be_running();
            processor.kill();
        }
    };
    tokio::join!(imports, live, kills);

    let _processor = platform.spawn(&["processor"]);
    for tenant in &tenants {
        samples::imported(&platform, tenant, "random-men").await;
        samples::equals_the_file(&platform, tenant, "random-men").await;
        platform.wait_for_count(tenant, "spring", "impressions", u64::from(ROUNDS * ROUND)).await;
        stores.agree(tenant, "spring").await;
    }
}

#[tokio::test]
async fn processors_that_join_and_die_lose_and_double_nothing() {
    let platform = Platform::start_without_processor().await;
    let stores = Stores::of(&platform).await;
    let tenants = [platform.onboard(Tier::Schema).await];
    let tenant = &tenants[0];
    let _first = platform.spawn_processor("first");
    let imports = samples::import(&platform, tenant, "bts-men", Some("700"));
    let others = async {
        for round in 0..3 {
            send_live(&platform, &tenants, round).await;
            let mut second = platform.spawn_processor("second");
            sleep(Duration::from_secs(3)).await;
            second.must_be_running();
            send_live(&platform, &tenants, round).await;
            second.kill();
        }
    };
    tokio::join!(imports, others);

    samples::imported(&platform, tenant, "bts-men").await;
    samples::equals_the_file(&platform, tenant, "bts-men").await;
    platform.wait_for_count(tenant, "spring", "impressions", u64::from(6 * ROUND)).await;
    stores.agree(tenant, "spring").await;
}

/// Sends current events for each tenant, so that Redis counts them.
async fn send_live(platform: &Platform, tenants: &[Tenant], round: u32) {
    let at = Utc::now() - TimeDelta::seconds(i64::from(round));
    let events: Vec<_> = (0..ROUND)
        .map(|_| {
            json!({"type": "ad_impression", "campaign_id": "spring", "cost": "0.001",
            "event_id": Uuid::now_v7(), "event_time": at})
        })
        .collect();
    for tenant in tenants {
        platform.collect(&tenant.collect_key, &json!(events)).await.expect(202);
    }
}
