use auth::{Role, SessionStore};
use chrono::{TimeDelta, Utc};
use futures::future::join_all;

use crate::fixture::{Platform, accept, id, new_invitation};

const EMAIL: &str = "ann@acme.example";

#[tokio::test]
async fn an_invitation_is_accepted_once_however_many_try_at_once() {
    let platform = Platform::new().await;
    let (user, invitation) = platform.invited("acme", EMAIL, Role::Owner).await;
    let store = &platform.control_plane;
    let before = store.user_by_email(EMAIL, None).await.unwrap().unwrap();
    assert!(before.password_hash.is_none());

    let tries = join_all((0..5).map(|_| accept(store, &invitation, Utc::now()))).await;
    let accepted: Vec<_> = tries.into_iter().flatten().collect();
    assert_eq!(accepted, [user]);
    let after = store.user_by_email(EMAIL, None).await.unwrap().unwrap();
    assert!(after.password_hash.is_some());
    assert!(store.invitation(&invitation.token_hash).await.unwrap().is_none());
    let listed = platform.tenant("acme").await.users().await.unwrap();
    assert_eq!(listed[0].invitation_expires_at, None);
}

#[tokio::test]
async fn an_expired_invitation_is_found_and_not_accepted() {
    let platform = Platform::new().await;
    let (_, invitation) = platform.invited("acme", EMAIL, Role::Owner).await;
    let store = &platform.control_plane;
    assert_eq!(accept(store, &invitation, Utc::now() + TimeDelta::days(8)).await, None);
    assert!(store.invitation(&invitation.token_hash).await.unwrap().is_some());
}

#[tokio::test]
async fn a_renewed_invitation_replaces_the_previous_one() {
    let platform = Platform::new().await;
    let (user, first) = platform.invited("acme", EMAIL, Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let second = new_invitation();
    assert!(acme.renew_invitation("test", user, &second).await.unwrap());
    let store = &platform.control_plane;
    assert_eq!(accept(store, &first, Utc::now()).await, None);
    assert_eq!(accept(store, &second, Utc::now()).await, Some(user));
    let third = new_invitation();
    assert!(!acme.renew_invitation("test", user, &third).await.unwrap(), "accepted already");
    assert_eq!(accept(store, &third, Utc::now()).await, None);
}

#[tokio::test]
async fn an_invitation_renewed_while_it_is_accepted_is_either_renewed_or_accepted() {
    let platform = Platform::new().await;
    let store = &platform.control_plane;
    let acme = platform.tenant("acme").await;
    for round in 0..20 {
        let email = format!("{round}@acme.example");
        let (user, first) = platform.invited("acme", &email, Role::Analyst).await;
        let second = new_invitation();
        let (accepted, renewed) = futures::join!(
            accept(store, &first, Utc::now()),
            acme.renew_invitation("test", user, &second),
        );
        assert_ne!(accepted.is_some(), renewed.unwrap(), "both, or neither");
        let later = accept(store, &second, Utc::now()).await;
        assert_ne!(accepted.is_some(), later.is_some());
    }
}

#[tokio::test]
async fn a_revoked_invitation_frees_the_address() {
    let platform = Platform::new().await;
    let (user, invitation) = platform.invited("acme", EMAIL, Role::Owner).await;
    let acme = platform.tenant("acme").await;
    assert!(acme.revoke_invitation("test", user).await.unwrap());
    assert_eq!(accept(&platform.control_plane, &invitation, Utc::now()).await, None);
    let accepted = platform.user("acme", EMAIL, Role::Owner).await;
    assert!(!acme.revoke_invitation("test", accepted).await.unwrap(), "accepted");
}

#[tokio::test]
async fn another_tenant_neither_renews_nor_revokes_an_invitation() {
    let platform = Platform::new().await;
    let (user, invitation) = platform.invited("acme", EMAIL, Role::Owner).await;
    let globex = platform.tenant("globex").await;
    let admin = platform.admin();
    let theirs = new_invitation();
    assert!(!globex.renew_invitation("test", user, &theirs).await.unwrap());
    assert!(!globex.revoke_invitation("test", user).await.unwrap());
    assert!(!admin.renew_invitation(&id("globex"), user, &theirs).await.unwrap());
    assert!(!admin.revoke_invitation(&id("globex"), user).await.unwrap());
    assert_eq!(accept(&platform.control_plane, &invitation, Utc::now()).await, Some(user));
}

#[tokio::test]
async fn a_user_disabled_before_accepting_cannot_accept() {
    let platform = Platform::new().await;
    let (user, invitation) = platform.invited("acme", EMAIL, Role::Owner).await;
    assert!(platform.tenant("acme").await.disable_user("test", user).await.unwrap());
    let store = &platform.control_plane;
    assert!(store.invitation(&invitation.token_hash).await.unwrap().is_none());
    assert_eq!(accept(store, &invitation, Utc::now()).await, None);
}

#[tokio::test]
async fn invitations_renewals_and_revocations_are_in_the_audit_log() {
    let platform = Platform::new().await;
    let (user, _) = platform.invited("acme", EMAIL, Role::Owner).await;
    let acme = platform.tenant("acme").await;
    acme.renew_invitation("user:1", user, &new_invitation()).await.unwrap();
    acme.revoke_invitation("user:1", user).await.unwrap();
    let log = platform.admin().audit_log(None, 4).await.unwrap();
    let rows: Vec<_> =
        log.iter().rev().map(|row| (row.actor.as_str(), row.action.as_str())).collect();
    assert_eq!(
        rows,
        [
            ("cli", "user.create"),
            ("cli", "user.invite"),
            ("user:1", "user.invite"),
            ("user:1", "user.uninvite"),
        ]
    );
    assert!(log.iter().all(|row| row.subject == format!("user:{user}")));
    assert!(!format!("{log:?}").contains(EMAIL));
}
