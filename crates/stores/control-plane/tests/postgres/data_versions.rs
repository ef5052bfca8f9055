use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use control_plane::{BatchPlan, DataState, Group, Skip};
use log::{Offset, Partition};

use crate::fixture::{Platform, id};

const TOPIC: &str = "events.v1";

async fn state(platform: &Platform, tenant: &str) -> Option<DataState> {
    platform.tenant(tenant).await.data_state(TOPIC).await.unwrap()
}

/// Stores one record of the only partition, received at this time.
async fn store(platform: &Platform, as_of: DateTime<Utc>) {
    let ledger = platform.control_plane.ledger();
    let generation = ledger.generation(TOPIC, "topic-1", 1).await.unwrap();
    let lease = ledger.take(Group::Store, generation, Partition::new(0), "a").await.unwrap();
    let (first, last) = (Offset::new(0), Offset::new(0));
    let plan = BatchPlan { first, last, skip: Skip::default(), destinations: Vec::new() };
    ledger.plan(&lease, &plan).await.unwrap();
    ledger.mark(&lease, last, as_of).await.unwrap();
}

#[tokio::test]
async fn a_version_is_raised_for_the_named_tenants_only() {
    let platform = Platform::new().await;
    assert_eq!(state(&platform, "acme").await, None, "nothing is stored yet");
    let as_of = "2026-11-21T12:00:00Z".parse().unwrap();
    store(&platform, as_of).await;
    assert_eq!(state(&platform, "acme").await, Some(DataState { as_of, version: 0 }));

    // A tenant that was removed meanwhile raises nothing.
    let late = BTreeSet::from([id("acme"), id("removed")]);
    platform.control_plane.raise_data_versions(&late).await.unwrap();
    platform.control_plane.raise_data_versions(&late).await.unwrap();
    assert_eq!(state(&platform, "acme").await, Some(DataState { as_of, version: 2 }));
    assert_eq!(state(&platform, "globex").await, Some(DataState { as_of, version: 0 }));

    platform.control_plane.raise_all_data_versions().await.unwrap();
    assert_eq!(state(&platform, "acme").await, Some(DataState { as_of, version: 3 }));
    assert_eq!(state(&platform, "globex").await, Some(DataState { as_of, version: 1 }));
}

#[tokio::test]
async fn versions_can_be_raised_by_many_processes_at_once() {
    let platform = Platform::new().await;
    store(&platform, "2026-11-21T12:00:00Z".parse().unwrap()).await;
    let both = BTreeSet::from([id("acme"), id("globex")]);
    let raise = || platform.control_plane.raise_data_versions(&both);
    let raised = futures::future::join_all((0..20).map(|_| raise())).await;
    raised.into_iter().for_each(Result::unwrap);
    for tenant in ["acme", "globex"] {
        assert_eq!(state(&platform, tenant).await.unwrap().version, 20, "{tenant}");
    }
}
