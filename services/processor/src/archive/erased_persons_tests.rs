//! What the archive keeps of persons who are erased, on a real Kafka and PostgreSQL.

use std::time::Duration;

use auth::Sealer;
use chrono::Utc;
use control_plane::{BegunPersonErasure, NewPersonErasure, PersonErasureLimits};
use privacy::{Person, PersonKey, PersonKind};
use tenancy::ClientId;
use uuid::Uuid;

use super::{PARTITION, plan_and_die_at};
use crate::{
    ProcessorError,
    history::as_archived,
    known_erasures::{KnownErasures, is_key_of},
    member::Worker,
    test_log::{TestLog, publish_of},
};

/// Begins the erasure of the visitor `ann` of the tenant.
async fn erase_ann(stand: &TestLog, tenant: &str) {
    #[expect(clippy::disallowed_methods, reason = "a test acts as the log's consumer")]
    let context = stand.router.resolve_record(&tenant.parse().unwrap()).await.unwrap();
    let control = stand.control_plane.for_tenant(&context);
    let fresh = PersonKey::random().unwrap();
    let key = control.person_key(&Sealer::new([7; 32]), &fresh).await.unwrap();
    let ann = Person::new(PersonKind::Visitor, "ann").unwrap();
    let erasure = NewPersonErasure {
        erasure_id: Uuid::now_v7(),
        asked_at: Utc::now(),
        persons: vec![(PersonKind::Visitor, key.hash(&ann))],
    };
    let limits = PersonErasureLimits { unfinished: 10, persons: 10 };
    let begun = control.begin_person_erasure("user:1", &erasure, limits).await.unwrap();
    assert_eq!(begun, BegunPersonErasure::Begun);
}

/// Returns the record of an event that a visitor has now.
fn visit(tenant: &str, visitor: &str) -> String {
    let tenant = tenant.parse().unwrap();
    let context = events::ParseContext::new(&tenant, "EUR".parse().unwrap(), Utc::now());
    let raw = serde_json::json!({"type": "page_view", "visitor_id": visitor}).to_string();
    let parsed = events::parse(raw.as_bytes(), &context).unwrap();
    serde_json::to_string(&parsed.event).unwrap()
}

#[tokio::test]
async fn records_of_an_erased_person_that_come_late_keep_their_place_only() {
    let stand = TestLog::new().await;
    stand.create_tenant("acme").await;
    stand.create_tenant("globex").await;
    let (early, late) = (visit("acme", "ann"), visit("acme", "ann"));
    let (other, foreign) = (visit("acme", "bob"), visit("globex", "ann"));
    for (tenant, event) in [("acme", &early), ("acme", &other), ("globex", &foreign)] {
        publish_of(&stand.kafka, tenant, event).await;
    }
    plan_and_die_at(&stand, 2).await;
    // A former owner has put the object, and died before it marked it.
    let records: Vec<_> =
        stand.entries(0..3).await.iter().map(|entry| as_archived(entry.record())).collect();
    stand.put(stand.key(0, 2), records).await;
    erase_ann(&stand, "acme").await;

    let archiver = stand.archiver("next");
    let (mut state, _) = archiver.take(PARTITION).await.unwrap();
    archiver.begin(&mut state).await.unwrap();
    // A collector publishes what its spool still holds; then the person comes back.
    tokio::time::sleep(Duration::from_millis(5)).await;
    let back = visit("acme", "ann");
    publish_of(&stand.kafka, "acme", &late).await;
    publish_of(&stand.kafka, "acme", &back).await;
    archiver.process(&mut state, stand.entries(3..5).await).await.unwrap();
    let objects = stand.objects().await;
    assert_eq!(objects, [(0, 2, 3), (3, 4, 2)], "every record keeps its place");
    let kept = |tenant: &str, event: &str| (Some(tenant.to_owned()), Some(event.to_owned()));
    let first = stand.texts(0, 2).await;
    assert_eq!(first, [(None, None), kept("acme", &other), kept("globex", &foreign)]);
    assert_eq!(stand.texts(3, 4).await, [(None, None), kept("acme", &back)]);
}

#[tokio::test]
async fn records_wait_for_the_key_of_their_own_tenant_and_for_no_other() {
    let stand = TestLog::new().await;
    stand.create_tenant("acme").await;
    stand.create_tenant("globex").await;
    erase_ann(&stand, "acme").await;
    // The key of acme is sealed with another one.
    let erasures = KnownErasures::new(stand.admin(), Sealer::new([8; 32]));
    let of_acme = |tenant: &ClientId| is_key_of(tenant, Some(b"acme"));
    let of_globex = |tenant: &ClientId| is_key_of(tenant, Some(b"globex"));
    let in_doubt = erasures.certain_now(&of_acme).await;
    assert!(matches!(&in_doubt, Err(ProcessorError::InDoubt(id)) if id.as_str() == "acme"));
    assert!(erasures.certain_now(&of_globex).await.is_ok());
    tokio::time::sleep(Duration::from_millis(5)).await;
    let later = visit("acme", "bob");
    let later = events::CanonicalEvent::read(later.as_bytes()).unwrap();
    let persons = erasures.latest().await;
    let acme = "acme".parse().unwrap();
    assert!(!persons.include(&acme, &later), "what happens after the erasure is in no doubt");
}
