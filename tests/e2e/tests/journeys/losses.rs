//! Redis forgets; no answer is wrong, and nobody has to do anything.

use redis::AsyncCommands;
use serde_json::{Value, json};
use testkit::{Platform, Tenant, Tier, eventually};

use crate::agreement::Stores;

const TODAY: &str = "/v1/campaigns/spring/metrics?granularity=total&metrics=impressions";

fn impressions(count: usize) -> Value {
    json!(vec![json!({"type": "ad_impression", "campaign_id": "spring"}); count])
}

async fn counted(platform: &Platform, tenant: &Tenant) -> u64 {
    let answer = platform.get(&tenant.owner, TODAY).await.expect(200).json();
    answer["totals"]["impressions"].as_u64().unwrap()
}

/// Removes every key of this platform, as a Redis that lost its disk would.
async fn forget(platform: &Platform) -> usize {
    let url = std::env::var("FOOTFALL__REDIS__URL").unwrap();
    let mut connection =
        redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let pattern = format!("{}*", platform.settings()["FOOTFALL__REDIS__NAMESPACE"]);
    let keys: Vec<String> = connection.keys(pattern).await.unwrap();
    connection.del::<_, usize>(&keys).await.unwrap()
}

#[tokio::test]
async fn a_redis_that_lost_everything_makes_no_answer_wrong() {
    let platform = Platform::start().await;
    let tenant = platform.onboard(Tier::Shared).await;
    platform.collect(&tenant.collect_key, &impressions(5)).await.expect(202);
    let stores = Stores::of(&platform).await;
    stores.agree(&tenant, "spring").await;

    assert!(forget(&platform).await > 0, "there was nothing to forget");
    for _ in 0..20 {
        assert_eq!(counted(&platform, &tenant).await, 5, "redis knows nothing, clickhouse does");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }

    platform.collect(&tenant.collect_key, &impressions(3)).await.expect(202);
    eventually("the three that came after are counted", async || {
        let counted = counted(&platform, &tenant).await;
        assert!((5..=8).contains(&counted), "{counted}");
        (counted == 8).then_some(())
    })
    .await;
    let answer = platform.get(&tenant.owner, TODAY).await;
    assert!(
        answer.header("server-timing").contains("clickhouse"),
        "the hour is not whole in redis"
    );
}
