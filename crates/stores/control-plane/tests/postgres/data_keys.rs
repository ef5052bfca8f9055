use std::{collections::BTreeSet, time::Duration};

use auth::{DataKey, DataKeyState, DataKeyStore, DataKeys, Sealer};
use control_plane::{EraseStep, SealedDataKeys};
use futures::future::join_all;

use crate::fixture::{Platform, id, sealer};

fn owners<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

fn store(platform: &Platform) -> SealedDataKeys {
    SealedDataKeys::new(platform.admin(), sealer())
}

/// Returns the id of a key.
fn key_of(keys: &DataKeys, owner: &str) -> String {
    match keys.get(owner) {
        Some(DataKeyState::Kept(key)) => key.id().to_owned(),
        other => panic!("{owner}: {other:?}"),
    }
}

#[tokio::test]
async fn a_tenant_gets_one_key_however_many_processes_ask_first() {
    let platform = Platform::new().await;
    let all = owners(["acme", "globex", DataKey::PLATFORM]);
    assert!(store(&platform).data_keys(&all).await.unwrap().is_empty(), "a reader makes none");
    let stores: Vec<_> = (0..5).map(|_| store(&platform)).collect();
    let made = join_all(stores.iter().map(|store| store.ensure_data_keys(&all))).await;
    let made: Vec<_> = made.into_iter().map(Result::unwrap).collect();
    let mut ids = BTreeSet::new();
    for owner in &all {
        ids.insert(key_of(&made[0], owner));
        for keys in &made {
            assert_eq!(key_of(keys, owner), key_of(&made[0], owner));
        }
    }
    assert_eq!(ids.len(), 3, "nobody shares a key");
    let read = store(&platform).data_keys(&all).await.unwrap();
    assert_eq!(key_of(&read, "acme"), key_of(&made[0], "acme"));
}

#[tokio::test]
async fn who_is_no_tenant_gets_no_key() {
    let platform = Platform::new().await;
    let asked = owners(["acme", "initech"]);
    let keys = store(&platform).ensure_data_keys(&asked).await.unwrap();
    assert_eq!(keys.keys().collect::<Vec<_>>(), ["acme"]);
}

#[tokio::test]
async fn the_key_of_an_erased_tenant_is_destroyed_and_none_is_made_again() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let (acme, both) = (id("acme"), owners(["acme", "globex"]));
    let before = store(&platform).ensure_data_keys(&both).await.unwrap();
    admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap();
    assert!(admin.begin_erasing(&acme).await.unwrap());
    let during = store(&platform).data_keys(&both).await.unwrap();
    assert_eq!(key_of(&during, "acme"), key_of(&before, "acme"), "the archive is still erased");
    while !admin.erase_some_rows(&acme).await.unwrap() {}
    let steps = admin.offboarding(&acme).await.unwrap().unwrap();
    assert_eq!(steps.step(EraseStep::Postgres).unwrap().counts["data_key"], 1);

    let after = store(&platform).ensure_data_keys(&both).await.unwrap();
    assert!(matches!(after.get("acme"), Some(DataKeyState::Destroyed)), "{after:?}");
    assert_eq!(key_of(&after, "globex"), key_of(&before, "globex"));
}

#[tokio::test]
async fn without_its_key_encryption_key_a_data_key_is_an_error_and_not_made_again() {
    let platform = Platform::new().await;
    let acme = owners(["acme"]);
    let made = store(&platform).ensure_data_keys(&acme).await.unwrap();
    let stranger = SealedDataKeys::new(platform.admin(), Sealer::new([9; 32]));
    assert!(stranger.ensure_data_keys(&acme).await.is_err());
    let read = store(&platform).data_keys(&acme).await.unwrap();
    assert_eq!(key_of(&read, "acme"), key_of(&made, "acme"));
}
