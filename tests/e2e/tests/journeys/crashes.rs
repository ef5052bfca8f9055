//! The processor is killed, again and again; the counts stay exact.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde_json::json;
use testkit::{Platform, Tenant, Tier};
use tokio::time::sleep;
use uuid::Uuid;

use crate::{agreement::Stores, samples};

const KILLS: u32 = 20;
const SEED: u64 = 20_191_124;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_in_mid_import_lose_and_double_nothing() {
    let platform = Platform::start_without_processor().await;
    let stores = Stores::of(&platform).await;
    let tenants = [platform.onboard(Tier::Shared).await, platform.onboard(Tier::Dedicated).await];
    let mut random = StdRng::seed_from_u64(SEED);
    let work = async {
        for tenant in &tenants {
            samples::import(&platform, tenant, "random-men").await;
        }
        for round in 0..KILLS {
            send_live(&platform, &tenants, round).await;
            sleep(Duration::from_millis(150)).await;
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
    tokio::join!(work, kills);

    let _processor = platform.spawn(&["processor"]);
    for tenant in &tenants {
        samples::imported(&platform, tenant, "random-men").await;
        samples::equals_the_file(&platform, tenant, "random-men").await;
        platform.settled(tenant, "spring", "impressions", u64::from(KILLS) * 50).await;
        stores.agree(tenant, "spring").await;
    }
}

/// Fifty events of now for each tenant, so that Redis has something to count.
async fn send_live(platform: &Platform, tenants: &[Tenant], round: u32) {
    let at = Utc::now() - TimeDelta::seconds(i64::from(round));
    let events: Vec<_> = (0..50)
        .map(|_| json!({"type": "ad_impression", "campaign_id": "spring", "cost": "0.001",
            "event_id": Uuid::now_v7(), "event_time": at}))
        .collect();
    for tenant in tenants {
        platform.collect(&tenant.collect_key, &json!(events)).await.expect(202);
    }
}
