use auth::{
    ApiKey, CredentialStore, KeyKind, NewRefreshToken, Role, Rotation, SecurityEvent, SessionStore,
    SigningKey, SigningKeyStore,
};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use control_plane::{ControlPlane, ControlPlaneError, NewApiKey};
use futures::future::join_all;

use crate::fixture::{
    Platform, begin, id, new_invitation, new_user, refresh_token, rotate, sealer,
};

async fn login(platform: &Platform, now: DateTime<Utc>) -> NewRefreshToken {
    let user = platform.user("acme", "owner@acme.example", Role::Owner).await;
    let first = refresh_token(now);
    begin(&platform.control_plane, user, &first).await;
    first
}

async fn rotates(store: &ControlPlane, old: &NewRefreshToken, new: &NewRefreshToken) -> bool {
    matches!(rotate(store, old, new).await, Rotation::Rotated(_))
}

#[tokio::test]
async fn a_refresh_token_used_again_revokes_the_whole_family() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let first = login(&platform, now).await;
    let second = refresh_token(now + TimeDelta::minutes(10));
    assert!(rotates(store, &first, &second).await);

    let stolen = refresh_token(now + TimeDelta::minutes(20));
    let reused = rotate(store, &first, &stolen).await;
    assert!(matches!(reused, Rotation::Reused { .. }), "{reused:?}");
    assert!(!rotates(store, &second, &refresh_token(now + TimeDelta::minutes(21))).await);
    let again = rotate(store, &first, &stolen).await;
    assert!(matches!(again, Rotation::Refused), "{again:?}");
}

#[tokio::test]
async fn concurrent_refreshes_of_a_token_get_the_same_successor() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    for round in 0..10 {
        let email = format!("{round}@acme.example");
        let user = platform.user("acme", &email, Role::Analyst).await;
        let first = refresh_token(now);
        begin(store, user, &first).await;
        let tabs: Vec<_> = (0..5).map(|_| refresh_token(now + TimeDelta::seconds(1))).collect();
        let rotated = join_all(tabs.iter().map(|tab| rotate(store, &first, tab))).await;
        let winner = rotated.iter().position(|outcome| matches!(outcome, Rotation::Rotated(_)));
        let winner = &tabs[winner.unwrap()];
        let repeated = rotated.iter().filter(|outcome| match outcome {
            Rotation::Repeated(_, sealed) => sealed == winner.hash.as_bytes(),
            _ => false,
        });
        assert_eq!(repeated.count(), 4, "{rotated:?}");
        for tab in &tabs {
            let later = refresh_token(now + TimeDelta::minutes(1));
            let lives = rotates(store, tab, &later).await;
            assert_eq!(lives, tab.hash == winner.hash, "one living token");
        }
    }
}

#[tokio::test]
async fn a_refresh_is_repeated_for_ten_seconds_and_is_reuse_afterwards() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let first = login(&platform, now).await;
    let second = refresh_token(now + TimeDelta::seconds(1));
    assert!(rotates(store, &first, &second).await);
    let again = rotate(store, &first, &refresh_token(now + TimeDelta::seconds(10))).await;
    assert!(matches!(again, Rotation::Repeated(..)), "{again:?}");
    let late = rotate(store, &first, &refresh_token(now + TimeDelta::seconds(12))).await;
    let Rotation::Reused { client_id, .. } = late else { panic!("{late:?}") };
    assert_eq!(client_id, Some(id("acme")));
    assert!(!rotates(store, &second, &refresh_token(now + TimeDelta::seconds(13))).await);
}

#[tokio::test]
async fn a_session_ends_however_often_it_is_continued() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now().trunc_subsecs(6);
    let mut last = login(&platform, now).await;
    for days in [25, 50, 75] {
        let next = refresh_token(now + TimeDelta::days(days));
        let Rotation::Rotated(session) = rotate(store, &last, &next).await else {
            panic!("after {days} days")
        };
        assert_eq!(session.expires_at, next.expires_at.min(now + TimeDelta::days(90)));
        last = next;
    }
    let late = rotate(store, &last, &refresh_token(now + TimeDelta::days(91))).await;
    assert!(matches!(late, Rotation::Refused), "{late:?}");
}

#[tokio::test]
async fn a_token_is_invalid_once_its_successor_is_spent() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let first = login(&platform, now).await;
    let second = refresh_token(now + TimeDelta::seconds(1));
    assert!(rotates(store, &first, &second).await);
    assert!(rotates(store, &second, &refresh_token(now + TimeDelta::seconds(2))).await);
    assert!(!rotates(store, &first, &refresh_token(now + TimeDelta::seconds(3))).await);
}

#[tokio::test]
async fn expired_unknown_and_logged_out_tokens_are_refused() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let first = login(&platform, now).await;
    let refused = async |presented: &NewRefreshToken, at| {
        matches!(rotate(store, presented, &refresh_token(at)).await, Rotation::Refused)
    };
    assert!(refused(&first, now + TimeDelta::days(31)).await, "expired");
    assert!(refused(&refresh_token(now), now).await, "unknown");
    store.revoke_refresh_family(&first.hash, now).await.unwrap();
    assert!(refused(&first, now).await, "logged out");
}

#[tokio::test]
async fn a_user_has_a_version_in_its_own_tenant_only() {
    let platform = Platform::new().await;
    let user = platform.user("acme", "ann@acme.example", Role::Analyst).await;
    let [acme, globex] = ["acme", "globex"].map(id);
    for (client_id, version) in [(Some(&acme), Some(1)), (Some(&globex), None), (None, None)] {
        let found = platform.control_plane.user_version(user, client_id).await.unwrap();
        assert_eq!(found, version, "{client_id:?}");
    }
}

#[tokio::test]
async fn a_disabled_user_can_neither_log_in_nor_refresh_and_loses_its_tokens() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let now = Utc::now();
    let first = login(&platform, now).await;
    let user = store.user_by_email("owner@acme.example", None).await.unwrap().unwrap();
    assert_eq!((user.role, user.client_id), (Role::Owner, Some(id("acme"))));
    let colleague = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let versions = async || {
        let tenant = platform.token_version("acme").await;
        let elsewhere = platform.database.control_plane().await;
        (tenant, elsewhere.user_version(colleague, Some(&id("acme"))).await.unwrap())
    };
    let before = versions().await;
    let acme = id("acme");
    assert_eq!(store.user_version(user.id, Some(&acme)).await.unwrap(), Some(user.token_version));
    assert!(
        !platform.tenant("globex").await.disable_user("test", user.id).await.unwrap(),
        "foreign"
    );
    assert!(platform.tenant("acme").await.disable_user("test", user.id).await.unwrap());
    assert_eq!(versions().await, before, "only that user's");
    assert!(store.user(user.id).await.unwrap().is_none());
    assert!(!rotates(store, &first, &refresh_token(now)).await);
}

#[tokio::test]
async fn an_address_may_belong_to_one_user_of_each_tenant() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let email = "ann@example.com";
    // An invitation that nobody accepts occupies nothing.
    platform.invited("globex", email, Role::Owner).await;
    let found = async |tenant: Option<&str>| {
        let tenant = tenant.map(id);
        store.user_by_email(email, tenant.as_ref()).await.unwrap().map(|user| user.id)
    };
    let of_acme = platform.user("acme", email, Role::Analyst).await;
    assert_eq!(found(None).await, Some(of_acme));
    assert_eq!(found(Some("acme")).await, Some(of_acme));
    assert_ne!(found(Some("globex")).await, Some(of_acme));
    let again = new_user(email, Role::Owner);
    let refused = platform.admin().invite_user(&id("acme"), &again, &new_invitation()).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Conflict { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_key_is_found_until_it_is_revoked() {
    let platform = Platform::new().await;
    let key = ApiKey::generate(KeyKind::Read).unwrap();
    let new = NewApiKey {
        key_id: key.id().clone(),
        kind: key.kind(),
        name: "reports".into(),
        secret_hash: key.secret_hash(),
        campaigns: Some(vec!["spring".parse().unwrap()]),
    };
    platform.admin().create_api_key(&id("acme"), &new, None).await.unwrap();
    let found = platform.control_plane.api_key(key.id()).await.unwrap().unwrap();
    assert_eq!((found.client_id, found.kind), (id("acme"), KeyKind::Read));
    assert_eq!((found.secret_hash, found.campaigns), (key.secret_hash(), new.campaigns));

    assert!(!platform.tenant("globex").await.revoke_api_key("test", key.id()).await.unwrap());
    assert!(platform.tenant("acme").await.revoke_api_key("test", key.id()).await.unwrap());
    let elsewhere = platform.database.control_plane().await;
    assert!(elsewhere.api_key(key.id()).await.unwrap().is_none());
}

#[tokio::test]
async fn processes_that_start_together_agree_on_one_signing_key() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let keys: Vec<_> = (0..4)
        .map(|_| SigningKey::generate().unwrap().seal(&sealer(), Utc::now()).unwrap())
        .collect();
    join_all(keys.iter().map(|key| store.add_first_signing_key(key))).await;
    let stored = store.signing_keys().await.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(SigningKey::open(&stored[0], &sealer()).is_ok());
}

#[tokio::test]
async fn signing_keys_are_added_and_removed_but_for_the_last_one() {
    let platform = Platform::new().await;
    let (store, admin) = (&platform.control_plane, platform.admin());
    let made = |at| SigningKey::generate().unwrap().seal(&sealer(), at).unwrap();
    let now = Utc::now();
    let [old, new] = [made(now - TimeDelta::days(90)), made(now)];
    store.add_first_signing_key(&old).await.unwrap();
    admin.add_signing_key(&new).await.unwrap();
    let stored = store.signing_keys().await.unwrap();
    let ids: Vec<_> = stored.iter().map(|key| key.id.clone()).collect();
    assert_eq!(ids, [new.id.clone(), old.id.clone()], "newest first");

    assert!(admin.remove_signing_key(&old.id).await.unwrap());
    assert!(!admin.remove_signing_key(&old.id).await.unwrap(), "it is gone");
    assert!(!admin.remove_signing_key(&new.id).await.unwrap(), "it is the only one");
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    let entries = admin.audit_log(None, 2).await.unwrap();
    let actions: Vec<_> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(actions, ["signing_key.remove", "signing_key.add"]);
}

#[tokio::test]
async fn security_events_are_in_the_audit_log() {
    let platform = Platform::new().await;
    let event = SecurityEvent {
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
        actor: "user:1".into(),
        client_id: Some(id("acme")),
        action: "login",
    };
    platform.control_plane.record(&event).await.unwrap();
    let row = &platform.admin().audit_log(None, 1).await.unwrap()[0];
    assert_eq!((row.at, row.action.as_str(), row.actor.as_str()), (event.at, "login", "user:1"));
}
