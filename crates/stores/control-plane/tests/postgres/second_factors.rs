use auth::{PasswordHash, RecoveryCode, Role, SecondFactorStore, SessionStore};
use chrono::Utc;
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
