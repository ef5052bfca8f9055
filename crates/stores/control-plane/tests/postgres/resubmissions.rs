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
async fn a_second_reservation_of_an_event_finds_the_first() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    assert!(acme.resubmissions(&IDS).await.unwrap().is_empty());
    let later = at("2026-03-02T12:00:00Z");
    acme.reserve_resubmissions("user:1", &IDS[..1], noon()).await.unwrap();
    let mut resubmissions = acme.reserve_resubmissions("user:1", &IDS, later).await.unwrap();
    resubmissions.sort_by_key(|one| one.event_id);
    let seen: Vec<_> = resubmissions.iter().map(|one| (one.event_id, one.reserved_at)).collect();
    assert_eq!(seen, [(IDS[0], noon()), (IDS[1], later)]);
    assert!(resubmissions.iter().all(|one| one.resubmitted_at.is_none()));
}

#[tokio::test]
async fn a_resubmission_keeps_the_time_at_which_it_was_first_marked() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    acme.reserve_resubmissions("user:1", &IDS, noon()).await.unwrap();
    for time in ["2026-03-01T12:00:01Z", "2026-03-01T12:00:02Z"] {
        acme.mark_resubmitted(&IDS[..1], at(time)).await.unwrap();
    }
    let resubmissions = acme.resubmissions(&IDS[..1]).await.unwrap();
    assert_eq!(resubmissions[0].resubmitted_at, Some(at("2026-03-01T12:00:01Z")));
    assert_eq!(acme.resubmissions(&IDS[1..]).await.unwrap()[0].resubmitted_at, None);
}

#[tokio::test]
async fn of_two_concurrent_renewals_one_succeeds() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let seen = acme.reserve_resubmissions("user:1", &IDS[..1], noon()).await.unwrap().remove(0);
    let later = at("2026-03-02T12:00:00Z");
    let (one, two) =
        tokio::join!(acme.renew_resubmission(&seen, later), acme.renew_resubmission(&seen, later));
    assert_ne!(one.unwrap(), two.unwrap());

    let seen = acme.resubmissions(&IDS[..1]).await.unwrap().remove(0);
    assert_eq!(seen.reserved_at, later);
    acme.mark_resubmitted(&IDS[..1], later).await.unwrap();
    assert!(!acme.renew_resubmission(&seen, later).await.unwrap(), "it is in the log");
}

#[tokio::test]
async fn tenants_have_their_own_resubmissions_of_the_same_ids() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let globex = platform.tenant("globex").await;
    acme.reserve_resubmissions("user:1", &IDS, noon()).await.unwrap();
    acme.mark_resubmitted(&IDS, noon()).await.unwrap();
    assert!(globex.resubmissions(&IDS).await.unwrap().is_empty());
    let later = at("2026-03-02T12:00:00Z");
    globex.reserve_resubmissions("user:2", &IDS, later).await.unwrap();
    assert_eq!(globex.resubmissions(&IDS[..1]).await.unwrap()[0].resubmitted_at, None);

    platform.admin().prune_resubmissions(&id("acme"), later).await.unwrap();
    assert!(acme.resubmissions(&IDS).await.unwrap().is_empty());
    assert_eq!(globex.resubmissions(&IDS).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_resubmission_is_in_the_audit_log_with_its_size_and_without_its_content() {
    let platform = Platform::new().await;
    platform.tenant("acme").await.reserve_resubmissions("user:1", &IDS, noon()).await.unwrap();
    let log = platform.admin().audit_log(None, 1).await.unwrap();
    assert_eq!((log[0].actor.as_str(), log[0].action.as_str()), ("user:1", "rejects.replay"));
    assert_eq!(log[0].client_id.as_deref(), Some("acme"));
    assert_eq!(log[0].detail, serde_json::json!({"events": 2}));
}
