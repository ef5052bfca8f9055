//! When a tenant's context is given and when it is refused.
#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "the router itself is under test")]

use std::sync::Arc;

use tenancy::{
    ClientId, DirectoryError, Isolation, Limits, Placement, ResolveError, Scoped, TenantDirectory,
    TenantRecord, TenantRouter, TenantState,
};

struct One(TenantRecord);

#[async_trait::async_trait]
impl TenantDirectory for One {
    async fn find(&self, client_id: &ClientId) -> Result<Option<TenantRecord>, DirectoryError> {
        Ok((self.0.client_id == *client_id).then(|| self.0.clone()))
    }
}

fn router(client_id: &str, isolation: Isolation, state: TenantState) -> TenantRouter {
    TenantRouter::new(Arc::new(One(TenantRecord {
        client_id: client_id.parse().unwrap(),
        name: client_id.to_owned(),
        state,
        state_reason: Some("unpaid".into()),
        placement: Placement { isolation, cluster: "main".parse().unwrap(), route_version: 1 },
        mirror: None,
        limits: Limits::default(),
        time_zone: chrono_tz::UTC,
        currency: "EUR".parse().unwrap(),
        origins: Arc::default(),
        token_version: 3,
    })))
}

fn acme() -> ClientId {
    "acme".parse().unwrap()
}

#[tokio::test]
async fn only_an_active_tenant_with_a_current_token_gets_a_context() {
    let active = router("acme", Isolation::Shared, TenantState::Active);
    assert_eq!(active.resolve(&acme(), 3).await.unwrap().client_id(), &acme());
    assert!(matches!(active.resolve(&acme(), 2).await, Err(ResolveError::Revoked)));
    let other = "globex".parse().unwrap();
    assert!(matches!(active.resolve(&other, 3).await, Err(ResolveError::Unknown)));

    let suspended = router("acme", Isolation::Shared, TenantState::Suspended);
    assert!(matches!(
        suspended.resolve(&acme(), 3).await,
        Err(ResolveError::Suspended { reason: Some(reason) }) if &*reason == "unpaid"
    ));
    let provisioning = router("acme", Isolation::Shared, TenantState::Provisioning);
    assert!(matches!(provisioning.resolve(&acme(), 3).await, Err(ResolveError::Unknown)));
}

#[tokio::test]
async fn a_record_is_processed_even_after_its_tenant_was_suspended() {
    let suspended = router("acme", Isolation::Shared, TenantState::Suspended);
    assert!(suspended.resolve_record(&acme()).await.is_ok());
}

#[tokio::test]
async fn a_tenant_that_is_offboarded_may_read_and_sends_nothing() {
    let active = router("acme", Isolation::Shared, TenantState::Active);
    assert!(active.resolve(&acme(), 3).await.unwrap().accepts_events());
    let offboarding = router("acme", Isolation::Shared, TenantState::Offboarding);
    assert!(!offboarding.resolve(&acme(), 3).await.unwrap().accepts_events());
    assert!(offboarding.resolve_record(&acme()).await.is_ok());
}

#[tokio::test]
async fn nothing_of_a_tenant_that_is_being_erased_is_served_or_processed() {
    let erasing = router("acme", Isolation::Shared, TenantState::Erasing);
    assert!(matches!(erasing.resolve(&acme(), 3).await, Err(ResolveError::Unknown)));
    assert!(matches!(erasing.resolve_record(&acme()).await, Err(ResolveError::Unknown)));
}

#[tokio::test]
async fn each_tier_has_its_own_database() {
    for (isolation, database) in [
        (Isolation::Shared, "footfall_shared"),
        (Isolation::Schema, "tenant_big_shop"),
        (Isolation::Dedicated, "tenant_big_shop"),
    ] {
        let router = router("big-shop", isolation, TenantState::Active);
        let context = router.resolve(&"big-shop".parse().unwrap(), 3).await.unwrap();
        assert_eq!(context.destination().database, database);
    }
}

#[tokio::test]
async fn grouping_keeps_every_value_with_its_tenant() {
    let a = router("a", Isolation::Shared, TenantState::Active);
    let b = router("b", Isolation::Shared, TenantState::Active);
    let a = a.resolve(&"a".parse().unwrap(), 3).await.unwrap();
    let b = b.resolve(&"b".parse().unwrap(), 3).await.unwrap();
    let groups = Scoped::group([b.scope(1), a.scope(2), b.scope(3)]);
    let seen: Vec<_> =
        groups.iter().map(|group| (group.tenant().client_id().as_str(), group.value())).collect();
    assert_eq!(seen, [("a", &vec![2]), ("b", &vec![1, 3])]);
}
