use std::time::Duration;

use auth::{KeyEncryptionKey, Sealer};
use chrono::{DateTime, SubsecRound, Utc};
use control_plane::{BegunPersonErasure, NewPersonErasure, PersonErasureLimits};
use events::Event;
use privacy::{Person, PersonHash, PersonKey, PersonKind};
use processor::{Dependencies, RewrappedRegister, count_register_keys, rewrap_register};
use serde_json::json;
use tenancy::TenantContext;
use uuid::Uuid;
use warehouse::PersonSearch;

use crate::stand::{NEVER, Stand, event, impressions};

/// Longer than a processor uses the list of erased persons before it asks again.
const LIST_IS_READ: Duration = Duration::from_secs(6);

fn of(visitor: &str, count: usize) -> Vec<Event> {
    let event = |_| event(json!({"type": "ad_impression", "visitor_id": visitor}));
    (0..count).map(event).collect()
}

struct Erased {
    key: PersonKey,
    hash: PersonHash,
    asked_at: DateTime<Utc>,
}

impl Erased {
    /// Begins the erasure of a visitor, as the api does.
    async fn begin(stand: &Stand, tenant: &TenantContext, visitor: &str) -> Self {
        // Events of this millisecond are from before the erasure.
        tokio::time::sleep(Duration::from_millis(2)).await;
        let control = stand.dependencies.control_plane.for_tenant(tenant);
        let fresh = PersonKey::random().unwrap();
        let key = control.person_key(&stand.dependencies.sealer, &fresh).await.unwrap();
        let hash = key.hash(&Person::new(PersonKind::Visitor, visitor).unwrap());
        let asked_at = Utc::now().trunc_subsecs(3);
        let persons = vec![(PersonKind::Visitor, hash)];
        let erasure = NewPersonErasure { erasure_id: Uuid::now_v7(), asked_at, persons };
        let limits = PersonErasureLimits { unfinished: 10, persons: 10 };
        let begun = control.begin_person_erasure("user:1", &erasure, limits).await.unwrap();
        assert_eq!(begun, BegunPersonErasure::Begun);
        Self { key, hash, asked_at }
    }

    /// Deletes the visitor's rows.
    async fn delete(&self, stand: &Stand, tenant: &TenantContext) {
        let persons = vec![(self.hash, self.asked_at)];
        let search = PersonSearch { pads: self.key.pads(), persons };
        let (placement, id) = (tenant.placement(), tenant.client_id());
        let warehouse = &stand.dependencies.warehouse;
        assert!(warehouse.erase_persons(placement, id, &search, &|_| false).await.unwrap());
    }
}

#[tokio::test]
async fn rows_of_an_erased_person_are_not_missed_and_not_restored() {
    let mut stand = Stand::new(NEVER).await;
    let (tenant, other) = (stand.tenant("shared").await, stand.tenant("shared").await);
    stand.store(&tenant, of("ann", 10)).await;
    stand.store(&tenant, of("bob", 5)).await;
    stand.store(&other, of("ann", 3)).await;
    let erased = Erased::begin(&stand, &tenant, "ann").await;
    erased.delete(&stand, &tenant).await;
    let left = stand.places(&tenant).await;
    assert_eq!(left.len(), 5);

    for full in [false, true] {
        let report = stand.reconcile(full).await;
        assert!(report.is_right(), "{report:?}");
        assert_eq!(stand.places(&tenant).await, left);
    }
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 0);
    for tenant in [&tenant, &other] {
        stand.run(tenant, "TRUNCATE TABLE events").await;
    }
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 5);
    assert_eq!(stand.places(&tenant).await, left);
    let theirs = stand.backfill(&other, false).await.total();
    assert_eq!(theirs.repaired, 3, "a visitor of this name of another shop");
}

#[tokio::test]
async fn a_backfill_without_plans_leaves_an_erased_person_out_too() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, of("ann", 10)).await;
    stand.store(&tenant, of("bob", 5)).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    Erased::begin(&stand, &tenant, "ann").await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let ledger = stand.dependencies.control_plane.ledger();
    ledger.prune(Utc::now() + chrono::TimeDelta::minutes(1)).await.unwrap();
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 5);
}

#[tokio::test]
async fn earlier_events_of_an_erased_person_that_come_late_are_left_out_and_later_ones_stored() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("dedicated").await;
    stand.store(&tenant, impressions(2)).await;
    // In the spool of a collector, or in a file of history.
    let late = of("ann", 7);
    Erased::begin(&stand, &tenant, "ann").await;
    tokio::time::sleep(LIST_IS_READ).await;
    stand.store(&tenant, late.clone()).await;
    assert_eq!(stand.places(&tenant).await.len(), 2);
    stand.store(&tenant, of("ann", 3)).await;
    stand.store(&tenant, late).await;
    assert_eq!(stand.places(&tenant).await.len(), 5, "the person came back");
    let report = stand.reconcile(true).await;
    assert!(report.is_right(), "{report:?}");
    let total = report.total();
    assert_eq!((total.expected, total.found), (5, 5), "the plans leave the others out");
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 0);
}

#[tokio::test]
async fn keys_in_the_register_of_erasures_are_rewrapped() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let client_id = tenant.client_id();
    let control = stand.dependencies.control_plane.for_tenant(&tenant);
    let fresh = PersonKey::random().unwrap();
    control.person_key(&stand.dependencies.sealer, &fresh).await.unwrap();
    let sealed = stand.admin().sealed_person_key(client_id).await.unwrap().unwrap();
    let erasure = Uuid::now_v7();
    let entry = json!({
        "tenant": client_id, "erasure": erasure, "asked_by": "user:1", "asked_at": Utc::now(),
        "sealed_key": hex::encode(sealed), "visitors": [], "customers": [],
    });
    let register = stand.dependencies.archive.erasure_register();
    register.put(client_id, erasure, entry.to_string().into()).await.unwrap();

    let mut rotating = stand.dependencies.clone();
    let [old, new] = [7, 8].map(|byte| KeyEncryptionKey::new([byte; 32]));
    rotating.sealer = Sealer::with_keys(new.clone(), [old.clone()]);
    let counts = async || count_register_keys(&rotating).await.unwrap();
    assert_eq!(counts().await, [(Some(old.id()), 1)].into());
    let rewrapped = rewrap_register(&rotating).await.unwrap();
    assert_eq!(rewrapped, RewrappedRegister { rewrapped: 1, unopened: 0 });
    assert_eq!(counts().await, [(Some(new.id()), 1)].into());
    assert_eq!(rewrap_register(&rotating).await.unwrap(), RewrappedRegister::default());
    let without = Dependencies { sealer: Sealer::with_keys(old, []), ..rotating.clone() };
    let refused = rewrap_register(&without).await.unwrap();
    assert_eq!(refused, RewrappedRegister { rewrapped: 0, unopened: 1 });
}
