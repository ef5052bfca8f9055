use std::time::Duration;

use aggregates::{ApplyOutcome, ChainStart, Finish, whole_after};
use chrono::Utc;

use crate::stand::{GENERATION, PARTITION, Stand, campaign, clicks_and_spend, place, tenant};

/// Longer than these tests take to compute counters again.
const PAUSE: Duration = Duration::from_secs(5);

async fn keys(stand: &Stand, pattern: &str) -> Vec<String> {
    let pattern = format!("{}_{pattern}", stand.settings.namespace);
    redis::cmd("KEYS").arg(pattern).query_async(&mut stand.redis.clone()).await.unwrap()
}

#[tokio::test]
async fn former_counters_are_removed_once_the_counters_are_computed_again() {
    let stand = Stand::started().await;
    let acme = tenant("acme").await;
    let other = tenant("acme-2").await;
    let deltas =
        [&acme, &other].map(|tenant| tenant.scope(vec![stand.delta(&campaign(), 3)])).into();
    assert_eq!(stand.apply(0, 9, deltas).await, ApplyOutcome::Applied);
    let former = keys(&stand, "client_acme_campaign_*").await;
    assert!(!former.is_empty());

    let request = async || stand.aggregates.request_recount(acme.client_id(), PAUSE).await.unwrap();
    let before = request().await.unwrap();
    assert_eq!(request().await, Some(before), "both share the rebuild that has not begun");
    let remove =
        async || stand.aggregates.remove_former_counters(acme.client_id(), before).await.unwrap();
    assert_eq!(remove().await, None, "no chain has begun again");
    let start = ChainStart {
        next: place(PARTITION, 10),
        whole_from: whole_after(Utc::now()),
        is_first: false,
        ..stand.first_start()
    };
    assert!(stand.start_chain(&start).await);
    assert_eq!(remove().await, None, "the counters are not whole");
    assert_eq!(request().await, None, "the rebuild under way is not ended");
    let slot_group = stand.aggregates.slot_groups().next().unwrap();
    let alone = Duration::from_secs(60);
    let rebuild = stand.aggregates.join_rebuild(slot_group, "one", alone).await.unwrap().unwrap();
    assert_eq!(rebuild.generation, GENERATION);
    let counters = stand.aggregates.for_tenant(&acme);
    let day = stand.now.start().date_naive();
    let base = [stand.delta(&campaign(), 2)];
    let step = counters.add_base(&rebuild, &campaign(), day, &base).await.unwrap().unwrap();
    assert_eq!(stand.aggregates.finish_rebuild(&rebuild, &[step]).await.unwrap(), Finish::Whole);

    assert_eq!(remove().await, Some(former.len() as u64));
    let left = keys(&stand, "client_acme_campaign_*").await;
    assert!(left.iter().all(|key| !former.contains(key)), "{left:?}");
    assert_eq!(stand.read(&acme, &campaign()).await, clicks_and_spend(2));
    let others = keys(&stand, "client_acme-2_campaign_*").await;
    assert!(!others.is_empty(), "those of a neighbour expire by themselves");

    assert_eq!(request().await, None, "the neighbours have their counters for a while");
    tokio::time::sleep(PAUSE).await;
    assert!(request().await.unwrap() > before);
}
