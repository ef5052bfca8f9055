use std::time::{Duration, Instant};

use auth::{CredentialStore, EndedSessions, Role, Rotation, SessionStore};
use chrono::{TimeDelta, Utc};
use lifecycle::Lifecycle;

use crate::fixture::{Platform, begin, refresh_token, rotate};

const EMAIL: &str = "ann@acme.example";

#[tokio::test]
async fn a_user_and_the_owners_of_its_tenant_see_its_sessions() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let now = Utc::now();
    let older = begin(store, user, &refresh_token(now - TimeDelta::hours(1))).await;
    let first = refresh_token(now);
    let newer = begin(store, user, &first).await;
    let next = refresh_token(now + TimeDelta::minutes(5));
    assert!(matches!(rotate(store, &first, &next).await, Rotation::Rotated(_)));

    let own = store.sessions(user, now).await.unwrap();
    assert_eq!([own[0].id, own[1].id], [newer, older]);
    assert!(own[0].last_used_at.is_some() && own[1].last_used_at.is_none());
    assert_eq!(own[0].address.as_deref(), Some("192.0.2.1"));
    let seen = platform.tenant("acme").await.user_sessions(user, now).await.unwrap().unwrap();
    assert_eq!(seen.len(), 2);
    let foreign = platform.tenant("globex").await;
    assert!(foreign.user_sessions(user, now).await.unwrap().is_none());
    let all = EndedSessions::AllExcept(None);
    assert_eq!(foreign.end_user_sessions("t", user, all, now).await.unwrap(), 0);
    assert_eq!(store.sessions(user, now).await.unwrap().len(), 2);
    let expired = store.sessions(user, now + TimeDelta::days(40)).await.unwrap();
    assert!(expired.is_empty());
}

#[tokio::test]
async fn an_ended_session_is_refused_by_every_process_within_five_seconds_and_others_live_on() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let now = Utc::now();
    let [one, two] = [refresh_token(now), refresh_token(now)];
    let ended = begin(store, user, &one).await;
    let kept = begin(store, user, &two).await;
    assert!(!elsewhere.session_has_ended(user, ended).await.unwrap());

    let which = EndedSessions::AllExcept(Some(kept));
    let acme = platform.tenant("acme").await;
    assert_eq!(acme.end_user_sessions("user:1", user, which, now).await.unwrap(), 1);
    let start = Instant::now();
    while !elsewhere.session_has_ended(user, ended).await.unwrap() {
        assert!(start.elapsed() < Duration::from_secs(5), "not within five seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!elsewhere.session_has_ended(user, kept).await.unwrap());
    let refused = rotate(store, &one, &refresh_token(now + TimeDelta::minutes(1))).await;
    assert!(matches!(refused, Rotation::Refused), "{refused:?}");
    let continued = rotate(store, &two, &refresh_token(now + TimeDelta::minutes(1))).await;
    assert!(matches!(continued, Rotation::Rotated(_)), "{continued:?}");
    assert_eq!(platform.admin().audit_log(None, 1).await.unwrap()[0].action, "session.end");
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn a_session_whose_token_was_used_twice_remains_listed() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let now = Utc::now();
    let first = refresh_token(now);
    let session = begin(store, user, &first).await;
    let second = refresh_token(now + TimeDelta::seconds(1));
    assert!(matches!(rotate(store, &first, &second).await, Rotation::Rotated(_)));
    let late = refresh_token(now + TimeDelta::minutes(1));
    assert!(matches!(rotate(store, &first, &late).await, Rotation::Reused { .. }));
    let seen = platform.tenant("acme").await.user_sessions(user, now).await.unwrap().unwrap();
    assert_eq!((seen[0].id, seen[0].reused_at.is_some()), (session, true));
}

#[tokio::test]
async fn whether_a_successor_was_spent_depends_on_no_clock() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let now = Utc::now();
    let first = refresh_token(now);
    begin(store, user, &first).await;
    // The process that answers has a clock that is two seconds behind.
    let second = refresh_token(now - TimeDelta::seconds(2));
    assert!(matches!(rotate(store, &first, &second).await, Rotation::Rotated(_)));
    let third = refresh_token(now - TimeDelta::seconds(1));
    assert!(matches!(rotate(store, &second, &third).await, Rotation::Rotated(_)));
    let again = rotate(store, &first, &refresh_token(now)).await;
    assert!(matches!(again, Rotation::Reused { .. }), "{again:?}");
}

#[tokio::test]
async fn another_tenant_reads_no_refresh_token() {
    let platform = Platform::new().await;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    begin(&platform.control_plane, user, &refresh_token(Utc::now())).await;
    let raw = platform.database.raw().await;
    for (tenant, expected) in [("acme", 1), ("globex", 0), ("", 0)] {
        let mut transaction = raw.begin().await.unwrap();
        sqlx::query("SELECT set_config('footfall.client_id', $1, true)")
            .bind(tenant)
            .execute(&mut *transaction)
            .await
            .unwrap();
        let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_token")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(seen, expected, "{tenant}");
    }
}
