use auth::{NewRefreshToken, NewSession, PasswordHash, Role, Rotation, SessionStore};
use chrono::Utc;
use control_plane::{ControlPlane, ControlPlaneError, UserChange};
use uuid::Uuid;

use crate::fixture::{Platform, accept, begin, id, new_invitation, refresh_token, rotate};

const EMAIL: &str = "ann@acme.example";

/// The password that the fixture's users choose.
fn former() -> PasswordHash {
    PasswordHash::from_stored("$argon2id$".into())
}

fn other() -> PasswordHash {
    PasswordHash::from_stored("$argon2id$other".into())
}

async fn session(store: &ControlPlane, user: Uuid) -> NewRefreshToken {
    let first = refresh_token(Utc::now());
    begin(store, user, &first).await;
    first
}

async fn continues(store: &ControlPlane, session: &NewRefreshToken) -> bool {
    let rotation = rotate(store, session, &refresh_token(Utc::now())).await;
    matches!(rotation, Rotation::Rotated(_))
}

async fn version(store: &ControlPlane, user: Uuid) -> u32 {
    store.user(user).await.unwrap().unwrap().token_version
}

#[tokio::test]
async fn a_changed_password_ends_the_sessions_and_tokens_of_that_user_only() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let colleague = platform.user("acme", "ben@acme.example", Role::Analyst).await;
    let [own, theirs] = [session(store, user).await, session(store, colleague).await];
    let before = [version(store, user).await, version(store, colleague).await];

    assert!(!store.change_password(user, &other(), &former()).await.unwrap(), "a wrong one");
    assert!(store.change_password(user, &former(), &other()).await.unwrap());
    assert!(!continues(store, &own).await);
    assert!(continues(store, &theirs).await);
    assert_eq!(version(store, user).await, before[0] + 1);
    assert_eq!(version(store, colleague).await, before[1]);
    assert!(!store.change_password(user, &former(), &other()).await.unwrap(), "changed already");
}

#[tokio::test]
async fn a_reset_removes_the_password_and_its_token_sets_another_once() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let own = session(store, user).await;
    let reset = new_invitation();
    assert!(!platform.tenant("globex").await.reset_password("t", user, &reset).await.unwrap());
    let admin = platform.admin();
    assert!(!admin.reset_owner_password(&id("acme"), user, &reset).await.unwrap(), "no owner");

    let acme = platform.tenant("acme").await;
    assert!(acme.reset_password("user:1", user, &reset).await.unwrap());
    assert!(!continues(store, &own).await);
    assert!(store.user(user).await.unwrap().unwrap().password_hash.is_none());
    assert!(store.invitation(&reset.token_hash).await.unwrap().unwrap().is_reset);
    assert!(!acme.revoke_invitation("user:1", user).await.unwrap(), "the user remains");
    assert_eq!(accept(store, &reset, Utc::now()).await, Some(user));
    assert_eq!(accept(store, &reset, Utc::now()).await, None);
    let log = admin.audit_log(None, 1).await.unwrap();
    assert_eq!((log[0].actor.as_str(), log[0].action.as_str()), ("user:1", "user.reset_password"));
}

#[tokio::test]
async fn a_user_who_has_not_joined_cannot_be_reset() {
    let platform = Platform::new().await;
    let (user, _) = platform.invited("acme", EMAIL, Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    assert!(!acme.reset_password("t", user, &new_invitation()).await.unwrap());
    assert!(acme.revoke_invitation("t", user).await.unwrap());
}

#[tokio::test]
async fn of_two_owners_who_disable_each_other_at_once_one_remains() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let [ann, ben] = [
        platform.user("acme", EMAIL, Role::Owner).await,
        platform.user("acme", "ben@acme.example", Role::Owner).await,
    ];
    let (one, two) = futures::join!(acme.disable_user("a", ben), acme.disable_user("b", ann));
    let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert!(matches!(refused[0], ControlPlaneError::LastOwner));
    let users = acme.users().await.unwrap();
    assert_eq!(users.iter().filter(|user| !user.disabled).count(), 1);
}

#[tokio::test]
async fn an_enabled_user_has_no_session_from_before() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let acme = platform.tenant("acme").await;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let own = session(store, user).await;
    assert!(acme.disable_user("t", user).await.unwrap());
    let enable = UserChange { disabled: Some(false), ..UserChange::default() };
    let enabled = acme.change_user("t", user, &enable).await.unwrap().unwrap();
    assert!(!enabled.disabled);
    assert!(store.user(user).await.unwrap().unwrap().password_hash.is_some());
    assert!(!continues(store, &own).await);
}

#[tokio::test]
async fn the_audit_log_says_what_a_change_of_a_user_changed() {
    let platform = Platform::new().await;
    let acme = platform.tenant("acme").await;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let change = UserChange { role: Some((Role::Owner, None)), ..UserChange::default() };
    acme.change_user("user:1", user, &change).await.unwrap().unwrap();
    let row = &platform.admin().audit_log(None, 1).await.unwrap()[0];
    assert_eq!(row.action, "user.change");
    assert_eq!(row.detail["before"]["role"], "analyst");
    assert_eq!(row.detail["after"]["role"], "owner");
    assert!(!row.detail.to_string().contains(EMAIL));
}

#[tokio::test]
async fn a_login_that_is_slower_than_a_change_or_a_reset_begins_no_session() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let acme = platform.tenant("acme").await;
    let user = platform.user("acme", EMAIL, Role::Analyst).await;
    let begins = async |password: PasswordHash| {
        let first = refresh_token(Utc::now());
        let session = NewSession {
            id: Uuid::now_v7(),
            user_id: user,
            password,
            ends_at: first.expires_at,
            address: "192.0.2.1".parse().unwrap(),
            user_agent: None,
        };
        store.begin_session(&session, &first).await.unwrap()
    };
    assert!(begins(former()).await);
    assert!(store.change_password(user, &former(), &other()).await.unwrap());
    assert!(!begins(former()).await, "verified before the change");
    assert!(begins(other()).await);
    assert!(acme.reset_password("t", user, &new_invitation()).await.unwrap());
    assert!(!begins(other()).await, "verified before the reset");
    assert!(store.sessions(user, Utc::now()).await.unwrap().is_empty());
}
