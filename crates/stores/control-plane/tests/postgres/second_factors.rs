use auth::{PasswordHash, RecoveryCode, Role, SecondFactorStore, SessionStore};
use chrono::{TimeDelta, Utc};
use futures::future::join_all;

use crate::fixture::{Platform, id};

#[tokio::test]
async fn a_code_and_a_recovery_code_count_once_however_many_try_at_once() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", "ann@acme.example", Role::Owner).await;
    assert!(store.put_second_factor(user, b"first").await.unwrap());
    assert!(store.put_second_factor(user, b"second").await.unwrap(), "it was not confirmed");
    let password = store.user(user).await.unwrap().unwrap().password_hash.unwrap();
    let code = RecoveryCode::generate().unwrap().hash(user);
    let confirm = async |sealed: &[u8]| {
        store.confirm_second_factor(user, &password, sealed, 10, &[code], Utc::now()).await.unwrap()
    };
    assert!(!store.spend_step(user, 11).await.unwrap(), "not confirmed");
    assert!(!confirm(b"first").await, "replaced");
    assert!(confirm(b"second").await);
    assert!(!confirm(b"second").await, "confirmed already");
    assert!(!store.put_second_factor(user, b"third").await.unwrap());
    assert!(!store.spend_step(user, 10).await.unwrap(), "it confirmed the factor");

    let steps = join_all((0..5).map(|_| store.spend_step(user, 11))).await;
    assert_eq!(steps.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 1);
    let codes = join_all((0..5).map(|_| store.spend_recovery_code(user, &code))).await;
    assert_eq!(codes.into_iter().filter(|spent| *spent.as_ref().unwrap()).count(), 1);
}

#[tokio::test]
async fn another_tenant_neither_removes_a_second_factor_nor_sets_what_is_required() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", "ann@acme.example", Role::Owner).await;
    store.put_second_factor(user, b"sealed").await.unwrap();
    let [acme, globex] = [platform.tenant("acme").await, platform.tenant("globex").await];
    assert!(!globex.remove_second_factor("t", user).await.unwrap());
    globex.set_owners_need_second_factor("t", true).await.unwrap();
    assert!(!store.owners_need_second_factor(&id("acme")).await.unwrap());
    assert!(store.owners_need_second_factor(&id("globex")).await.unwrap());
    assert!(acme.remove_second_factor("user:1", user).await.unwrap());
    assert!(store.second_factor(user).await.unwrap().is_none());
    let row = &platform.admin().audit_log(None, 1).await.unwrap()[0];
    assert_eq!(row.action, "second_factor.remove");
}

#[tokio::test]
async fn a_second_factor_is_not_confirmed_with_a_password_from_before() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let former = store.user(user).await.unwrap().unwrap().password_hash.unwrap();
    let other = PasswordHash::from_stored("$argon2id$other".into());
    assert!(store.put_second_factor(user, b"sealed").await.unwrap());
    assert!(store.change_password(user, &former, &other).await.unwrap());
    let confirm = async |password: &PasswordHash| {
        store.confirm_second_factor(user, password, b"sealed", 10, &[], Utc::now()).await.unwrap()
    };
    assert!(!confirm(&former).await);
    assert!(confirm(&other).await);
}

#[tokio::test]
async fn wrong_codes_are_delayed_by_postgres_and_a_right_one_ends_the_delay() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let password = store.user(user).await.unwrap().unwrap().password_hash.unwrap();
    let now = Utc::now();
    let code = RecoveryCode::generate().unwrap().hash(user);
    assert!(store.put_second_factor(user, b"sealed").await.unwrap());
    let codes = [code];
    let confirmed = store.confirm_second_factor(user, &password, b"sealed", 10, &codes, now);
    assert!(confirmed.await.unwrap());

    let attempts = join_all((0..9).map(|_| store.begin_code_attempt(user, now))).await;
    let admitted = attempts.into_iter().filter(|attempt| attempt.as_ref().unwrap().is_none());
    assert_eq!(admitted.count(), 5);
    let until = store.begin_code_attempt(user, now).await.unwrap().unwrap();
    assert!((until - now - TimeDelta::seconds(12)).abs() < TimeDelta::milliseconds(1), "{until}");
    let later = now + TimeDelta::seconds(13);
    assert_eq!(store.begin_code_attempt(user, later).await.unwrap(), None);
    let until = store.begin_code_attempt(user, later).await.unwrap().unwrap();
    assert!(until - later > TimeDelta::seconds(20), "each failure doubles it: {until}");
    assert!(store.spend_step(user, 11).await.unwrap());
    for _ in 0..5 {
        assert_eq!(store.begin_code_attempt(user, later).await.unwrap(), None);
    }
    assert!(store.begin_code_attempt(user, later).await.unwrap().is_some());
    assert!(store.spend_recovery_code(user, &code).await.unwrap());
    assert_eq!(store.begin_code_attempt(user, later).await.unwrap(), None);
}
