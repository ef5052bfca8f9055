use std::time::{Duration, Instant};

use auth::{ApiKey, CredentialStore, KeyKind};
use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{ApiKeyChange, ControlPlaneError, NewApiKey};
use lifecycle::Lifecycle;

use crate::fixture::{Platform, id};

async fn key(platform: &Platform, kind: KeyKind) -> ApiKey {
    let key = ApiKey::generate(kind).unwrap();
    let new = NewApiKey {
        key_id: key.id().clone(),
        kind,
        name: format!("{} {}", kind.as_str(), key.id()),
        secret_hash: key.secret_hash(),
        campaigns: None,
    };
    platform.admin().create_api_key(&id("acme"), &new, None).await.unwrap();
    key
}

#[tokio::test]
async fn a_change_of_campaigns_invalidates_the_tokens_of_that_key_and_a_new_name_does_not() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let [changed, other] =
        [key(&platform, KeyKind::Read).await, key(&platform, KeyKind::Read).await];
    let version = async |key: &ApiKey| {
        let elsewhere = platform.database.control_plane().await;
        elsewhere.api_key(key.id()).await.unwrap().unwrap().version
    };
    let rename = ApiKeyChange { name: Some("partner".into()), ..ApiKeyChange::default() };
    acme.change_api_key("user:1", changed.id(), &rename).await.unwrap().unwrap();
    assert_eq!(version(&changed).await, 1);
    let limit = ApiKeyChange {
        campaigns: Some(Some(vec!["spring".parse().unwrap()])),
        ..ApiKeyChange::default()
    };
    let after = acme.change_api_key("user:1", changed.id(), &limit).await.unwrap().unwrap();
    assert_eq!((after.name.as_str(), after.campaigns.unwrap().len()), ("partner", 1));
    assert_eq!((version(&changed).await, version(&other).await), (2, 1));
    let row = &platform.admin().audit_log(None, 1).await.unwrap()[0];
    assert_eq!(row.action, "api_key.change");
    assert_eq!(row.detail["after"]["campaigns"][0], "spring");

    let foreign = platform.tenant("globex").await;
    assert!(foreign.change_api_key("t", changed.id(), &rename).await.unwrap().is_none());
    let collect = key(&platform, KeyKind::Collect).await;
    let refused = acme.change_api_key("t", collect.id(), &limit).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Refused { .. }), "{refused:?}");
    let taken = acme.change_api_key("t", other.id(), &rename).await.unwrap_err();
    assert!(matches!(taken, ControlPlaneError::Conflict { .. }), "{taken:?}");
}

#[tokio::test]
async fn a_rotation_reaches_every_process_within_five_seconds_and_keeps_the_former_secret() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let elsewhere = platform.database.control_plane().await;
    let lifecycle = Lifecycle::new();
    elsewhere.listen(&lifecycle);
    let former = key(&platform, KeyKind::Collect).await;
    elsewhere.api_key(former.id()).await.unwrap().unwrap();
    let next = ApiKey::with_new_secret(former.kind(), former.id().clone()).unwrap();
    let now = Utc::now();
    let until = now + TimeDelta::days(1);
    let hash = next.secret_hash();
    let foreign = platform.tenant("globex").await;
    assert!(foreign.rotate_api_key("t", next.id(), &hash, until, now).await.unwrap().is_none());
    acme.rotate_api_key("user:1", next.id(), &hash, until, now).await.unwrap().unwrap();

    let start = Instant::now();
    let stored = loop {
        let stored = elsewhere.api_key(next.id()).await.unwrap().unwrap();
        if stored.secret_hash == hash {
            break stored;
        }
        assert!(start.elapsed() < Duration::from_secs(5), "not within five seconds");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(stored.former_secret.unwrap().hash, former.secret_hash());
    assert_eq!(stored.version, 1, "tokens live on");
    let last = ApiKey::with_new_secret(former.kind(), former.id().clone()).unwrap();
    acme.rotate_api_key("t", last.id(), &last.secret_hash(), now, now).await.unwrap().unwrap();
    let fresh = platform.database.control_plane().await;
    let stored = fresh.api_key(last.id()).await.unwrap().unwrap();
    assert_eq!((stored.version, stored.former_secret.unwrap().hash), (2, hash));
    lifecycle.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_use_of_a_key_is_written_once_a_minute() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let acme = platform.tenant("acme").await;
    let key = key(&platform, KeyKind::Collect).await;
    let used_at = async || acme.api_keys().await.unwrap()[0].last_used_at;
    let first: DateTime<Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
    for (seconds, expected) in [(0, 0), (30, 0), (61, 61)] {
        store.key_was_used(key.id(), first + TimeDelta::seconds(seconds));
        store.write_key_uses().await.unwrap();
        assert_eq!(used_at().await, Some(first + TimeDelta::seconds(expected)), "{seconds}");
    }
}

#[tokio::test]
async fn processes_that_note_uses_of_the_same_keys_at_once_wait_for_no_deadlock() {
    let platform = Platform::new().await;
    let mut keys = Vec::new();
    for _ in 0..200 {
        keys.push(key(&platform, KeyKind::Collect).await);
    }
    let mut stores = Vec::new();
    for _ in 0..4 {
        stores.push(platform.database.control_plane().await);
    }
    let first: DateTime<Utc> = "2026-11-28T12:00:00Z".parse().unwrap();
    for round in 0..20 {
        let now = first + TimeDelta::minutes(2 * round);
        for store in &stores {
            keys.iter().for_each(|key| store.key_was_used(key.id(), now));
        }
        let written = stores.iter().map(|store| store.write_key_uses());
        for result in futures::future::join_all(written).await {
            result.unwrap();
        }
    }
}
