use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::fixture::{Platform, id};

const IDS: [Uuid; 2] = [Uuid::from_u128(1), Uuid::from_u128(2)];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn noon() -> DateTime<Utc> {
    at("2026-03-01T12:00:00.123456Z")
}

#[tokio::test]
async fn an_event_is_reserved_once_and_the_second_time_finds_the_first() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    assert!(acme.replays(&IDS).await.unwrap().is_empty());
    let later = at("2026-03-02T12:00:00Z");
    acme.reserve_replays("user:1", &IDS[..1], noon()).await.unwrap();
    let mut replays = acme.reserve_replays("user:1", &IDS, later).await.unwrap();
    replays.sort_by_key(|replay| replay.event_id);
    let seen: Vec<_> = replays.iter().map(|replay| (replay.event_id, replay.reserved_at)).collect();
    assert_eq!(seen, [(IDS[0], noon()), (IDS[1], later)]);
    assert!(replays.iter().all(|replay| replay.replayed_at.is_none()));
}

#[tokio::test]
async fn what_was_replayed_keeps_the_moment_it_first_was() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    acme.reserve_replays("user:1", &IDS, noon()).await.unwrap();
    for time in ["2026-03-01T12:00:01Z", "2026-03-01T12:00:02Z"] {
        acme.mark_replayed(&IDS[..1], at(time)).await.unwrap();
    }
    let replays = acme.replays(&IDS[..1]).await.unwrap();
    assert_eq!(replays[0].replayed_at, Some(at("2026-03-01T12:00:01Z")));
    assert_eq!(acme.replays(&IDS[1..]).await.unwrap()[0].replayed_at, None);
}

#[tokio::test]
async fn of_two_that_reserve_anew_one_does() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let seen = acme.reserve_replays("user:1", &IDS[..1], noon()).await.unwrap().remove(0);
    let later = at("2026-03-02T12:00:00Z");
    let (one, two) = tokio::join!(acme.renew_replay(&seen, later), acme.renew_replay(&seen, later));
    assert_ne!(one.unwrap(), two.unwrap());

    let seen = acme.replays(&IDS[..1]).await.unwrap().remove(0);
    assert_eq!(seen.reserved_at, later);
    acme.mark_replayed(&IDS[..1], later).await.unwrap();
    assert!(!acme.renew_replay(&seen, later).await.unwrap(), "it is in the log");
}

#[tokio::test]
async fn tenants_have_their_own_replays_of_the_same_ids() {
    let platform = Platform::new().await;
    let (acme, globex) = (platform.tenant("acme").await, platform.tenant("globex").await);
    acme.reserve_replays("user:1", &IDS, noon()).await.unwrap();
    acme.mark_replayed(&IDS, noon()).await.unwrap();
    assert!(globex.replays(&IDS).await.unwrap().is_empty());
    let later = at("2026-03-02T12:00:00Z");
    globex.reserve_replays("user:2", &IDS, later).await.unwrap();
    assert_eq!(globex.replays(&IDS[..1]).await.unwrap()[0].replayed_at, None);

    platform.admin().prune_replays(&id("acme"), later).await.unwrap();
    assert!(acme.replays(&IDS).await.unwrap().is_empty());
    assert_eq!(globex.replays(&IDS).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_replay_is_in_the_audit_log_with_its_size_and_without_its_content() {
    let platform = Platform::new().await;
    platform.tenant("acme").await.reserve_replays("user:1", &IDS, noon()).await.unwrap();
    let log = platform.admin().audit_log(None, 1).await.unwrap();
    assert_eq!((log[0].actor.as_str(), log[0].action.as_str()), ("user:1", "rejects.replay"));
    assert_eq!(log[0].client_id.as_deref(), Some("acme"));
    assert_eq!(log[0].detail, serde_json::json!({"events": 2}));
}
