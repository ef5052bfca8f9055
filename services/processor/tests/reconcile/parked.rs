use std::time::Duration;

use chrono::{TimeDelta, Utc};
use control_plane::{ParkedAction, ParkedOrder};
use events::Event;
use serde_json::json;
use stream::{EventRecord, Producer, PublishOutcome};
use tenancy::TenantContext;
use testkit::eventually;

use crate::{
    shared::client,
    stand::{NEVER, Stand, event, impressions},
};

/// How many rows a tenant has, and how many different events.
async fn rows(tenant: &TenantContext) -> (u64, u64) {
    let sql = "SELECT count(), uniqExact(event_id) FROM events";
    client(tenant.destination()).query(sql).fetch_one().await.unwrap()
}

/// Parks events, as the collector does.
async fn park(stand: &Stand, tenant: &TenantContext, events: &[Event]) {
    let record = |event: &Event| EventRecord {
        event_id: event.event_id,
        received_at: event.received_at,
        json: serde_json::to_vec(event).unwrap().into(),
    };
    #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
    let records = tenant.scope(events.iter().map(record).collect());
    let producer = Producer::new(&stand.dependencies.kafka).unwrap();
    let prepared: Vec<_> = producer.prepare_parked(&records, None).into_iter().flatten().collect();
    let outcomes = producer.send(&prepared, Duration::from_secs(20)).await;
    assert_eq!(outcomes.len(), events.len());
    assert!(outcomes.iter().all(|it| matches!(it, PublishOutcome::Published { .. })));
}

/// Returns how many events of a tenant are parked.
async fn parked(stand: &Stand, tenant: &TenantContext) -> u64 {
    let control = stand.dependencies.control_plane.for_tenant(tenant);
    let hours = control.parked_hours(Utc::now() - TimeDelta::days(7)).await.unwrap();
    hours.iter().map(|hour| hour.events).sum()
}

async fn until_parked(stand: &Stand, tenant: &TenantContext, count: u64) {
    eventually(&format!("{count} events are parked"), async || {
        (parked(stand, tenant).await == count).then_some(())
    })
    .await;
}

async fn order(stand: &Stand, tenant: &TenantContext, action: ParkedAction) {
    let control = stand.dependencies.control_plane.for_tenant(tenant);
    let ordered = control.order_parked("user:1", action, None, Utc::now()).await.unwrap();
    assert!(ordered.is_some(), "another order is not finished");
}

/// Waits until the latest order of a tenant is carried out.
async fn finished(stand: &Stand, tenant: &TenantContext) -> ParkedOrder {
    let control = stand.dependencies.control_plane.for_tenant(tenant);
    eventually("the order is carried out", async || {
        let latest = control.parked_orders(1).await.unwrap().remove(0);
        latest.finished_at.is_some().then_some(latest)
    })
    .await
}

/// Publishes an event of a tenant with nothing else, and waits for it: so all that came before it is stored.
async fn settle(stand: &Stand, tenant: &TenantContext) {
    stand.store(tenant, impressions(1)).await;
}

#[tokio::test]
async fn parked_events_wait_for_their_owner_and_are_released_for_this_tenant_only() {
    let mut stand = Stand::new(NEVER).await;
    let (tenant, other) = (stand.tenant("shared").await, stand.tenant("shared").await);
    settle(&stand, &tenant).await;
    park(&stand, &tenant, &impressions(20)).await;
    park(&stand, &other, &impressions(7)).await;
    until_parked(&stand, &tenant, 20).await;
    until_parked(&stand, &other, 7).await;
    stand.stored().await;
    assert_eq!(rows(&tenant).await, (1, 1));

    order(&stand, &tenant, ParkedAction::Release).await;
    assert_eq!(finished(&stand, &tenant).await.events, 20);
    stand.stored().await;
    assert_eq!(rows(&tenant).await, (21, 21));
    assert_eq!(rows(&other).await, (0, 0));
    assert_eq!((parked(&stand, &tenant).await, parked(&stand, &other).await), (0, 7));
}

#[tokio::test]
async fn a_release_that_is_stopped_and_repeated_releases_every_event_once() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    settle(&stand, &tenant).await;
    let events = impressions(2_500);
    // One was accepted before, and one is parked twice.
    stand.store(&tenant, events[..1].to_vec()).await;
    park(&stand, &tenant, &events).await;
    park(&stand, &tenant, &events[2_499..]).await;
    until_parked(&stand, &tenant, 2_501).await;
    order(&stand, &tenant, ParkedAction::Release).await;
    eventually("some are released", async || (parked(&stand, &tenant).await < 2_501).then_some(()))
        .await;
    stand.stop().await;
    stand.start().await;
    finished(&stand, &tenant).await;
    stand.stored().await;
    assert_eq!(rows(&tenant).await, (2_501, 2_501));

    // Killed before anything of the release was recorded: all is there to be released again.
    stand.stop().await;
    sqlx::query("DELETE FROM parked_log").execute(&stand.ledger).await.unwrap();
    stand.start().await;
    until_parked(&stand, &tenant, 2_501).await;
    order(&stand, &tenant, ParkedAction::Release).await;
    finished(&stand, &tenant).await;
    settle(&stand, &tenant).await;
    assert_eq!(rows(&tenant).await, (2_502, 2_502), "and the one that settles");
}

#[tokio::test]
async fn what_the_tables_have_is_not_published_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let events = impressions(5);
    stand.store(&tenant, events.clone()).await;
    let before = stand.ends().await;
    park(&stand, &tenant, &events).await;
    until_parked(&stand, &tenant, 5).await;
    order(&stand, &tenant, ParkedAction::Release).await;
    assert_eq!(finished(&stand, &tenant).await.events, 5);
    assert_eq!(stand.ends().await, before, "the log of events has no copy");
}

#[tokio::test]
async fn erased_events_are_never_released() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    settle(&stand, &tenant).await;
    park(&stand, &tenant, &impressions(6)).await;
    until_parked(&stand, &tenant, 6).await;
    let control = stand.dependencies.control_plane.for_tenant(&tenant);
    // Nothing is as old as this.
    let before = Some(Utc::now() - TimeDelta::hours(2));
    let erase = ParkedAction::Erase;
    control.order_parked("user:1", erase, before, Utc::now()).await.unwrap().unwrap();
    assert_eq!(finished(&stand, &tenant).await.events, 0);
    assert_eq!(parked(&stand, &tenant).await, 6);

    order(&stand, &tenant, ParkedAction::Erase).await;
    assert_eq!(finished(&stand, &tenant).await.events, 6);
    park(&stand, &tenant, &[event(json!({"type": "ad_click"}))]).await;
    until_parked(&stand, &tenant, 1).await;
    order(&stand, &tenant, ParkedAction::Release).await;
    assert_eq!(finished(&stand, &tenant).await.events, 1);
    stand.stored().await;
    assert_eq!(rows(&tenant).await, (2, 2));
}

#[tokio::test]
async fn expired_events_are_forgotten_by_hour_and_cannot_be_released() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    settle(&stand, &tenant).await;
    park(&stand, &tenant, &impressions(4)).await;
    until_parked(&stand, &tenant, 4).await;
    let admin = stand.admin();
    let oldest = admin.oldest_parked().await.unwrap();
    assert!(!oldest.is_zero() && oldest < Duration::from_secs(7_200), "{oldest:?}");
    assert_eq!(admin.expire_parked(Utc::now() - TimeDelta::hours(2)).await.unwrap(), 0);
    assert_eq!(admin.expire_parked(Utc::now()).await.unwrap(), 4);
    assert!(admin.oldest_parked().await.unwrap().is_zero(), "nothing is parked any more");
    order(&stand, &tenant, ParkedAction::Release).await;
    assert_eq!(finished(&stand, &tenant).await.events, 0);
    stand.stored().await;
    assert_eq!(rows(&tenant).await, (1, 1));
}
