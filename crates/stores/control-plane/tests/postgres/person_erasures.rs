use std::time::Duration;

use auth::Role;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use control_plane::{
    AnnotationScope, BegunPersonErasure, EraseReceipt, ErasedPersonsVersion, NewPersonErasure,
    PersonEraseStep, PersonErasure, PersonErasureLimits,
};
use privacy::{ErasedPersons, Person, PersonHash, PersonKey, PersonKind};
use serde_json::json;
use sqlx::{Postgres, pool::PoolConnection};
use uuid::Uuid;

use crate::{
    annotations::{QUOTA, annotation},
    fixture::{Platform, id, sealer},
    kept_cohorts::cohort,
};

const ACTOR: &str = "user:1";

const LIMITS: PersonErasureLimits = PersonErasureLimits { unfinished: 10, persons: 1_000 };

async fn key(platform: &Platform, tenant: &str) -> PersonKey {
    let control = platform.tenant(tenant).await;
    control.person_key(&sealer(), &PersonKey::random().unwrap()).await.unwrap()
}

fn visitor(name: &str) -> Person {
    Person::new(PersonKind::Visitor, name).unwrap()
}

/// Begins an erasure of a visitor.
async fn begun(platform: &Platform, tenant: &str, name: &str, at: DateTime<Utc>) -> Uuid {
    let hash = key(platform, tenant).await.hash(&visitor(name));
    let erasure = NewPersonErasure {
        erasure_id: Uuid::now_v7(),
        asked_at: at,
        persons: vec![(PersonKind::Visitor, hash)],
    };
    let control = platform.tenant(tenant).await;
    let begun = control.begin_person_erasure(ACTOR, &erasure, LIMITS).await.unwrap();
    assert_eq!(begun, BegunPersonErasure::Begun);
    erasure.erasure_id
}

/// Makes a list of the version `known` the present one. Returns its version.
async fn update(
    platform: &Platform,
    persons: &mut ErasedPersons,
    known: &ErasedPersonsVersion,
) -> ErasedPersonsVersion {
    let admin = platform.admin();
    let wanted = admin.erased_persons_version().await.unwrap();
    admin.update_erased_persons(&sealer(), persons, known, &wanted).await.unwrap();
    wanted
}

async fn erased(platform: &Platform) -> ErasedPersons {
    let mut persons = ErasedPersons::default();
    update(platform, &mut persons, &ErasedPersonsVersion::default()).await;
    persons
}

fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

fn receipt() -> EraseReceipt {
    EraseReceipt { erased_at: now(), text: "{}".into(), sha256: [7; 32] }
}

async fn finish(platform: &Platform, erasure: &PersonErasure) {
    let admin = platform.admin();
    for step in PersonEraseStep::ALL {
        admin.begin_person_erase_step(erasure, step, &json!({"found": 2})).await.unwrap();
        admin.finish_person_erase_step(erasure, step, &json!({"found": 2})).await.unwrap();
    }
    admin.finish_person_erasure(erasure, &receipt()).await.unwrap();
}

/// Returns a connection that sees the rows of all tenants.
async fn everything(platform: &Platform) -> PoolConnection<Postgres> {
    let mut connection = platform.database.raw().await.acquire().await.unwrap();
    let all = sqlx::query("SELECT set_config('footfall.platform', 'on', false)");
    all.execute(&mut *connection).await.unwrap();
    connection
}

#[tokio::test]
async fn a_tenant_has_one_key_which_is_sealed_and_its_own() {
    let platform = Platform::new().await;
    let hash = async |tenant| key(&platform, tenant).await.hash(&visitor("v"));
    assert_eq!(hash("acme").await, hash("acme").await, "a second one does not replace it");
    assert_ne!(hash("acme").await, hash("globex").await);
    let clear = key(&platform, "acme").await.expose().to_vec();
    let mut all = everything(&platform).await;
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT sealed FROM person_key").fetch_all(&mut *all).await.unwrap();
    assert_eq!(stored.len(), 2);
    for sealed in stored {
        assert!(!sealed.windows(clear.len()).any(|window| window == clear));
    }
}

#[tokio::test]
async fn no_id_of_an_erased_person_is_stored_and_another_tenant_sees_no_erasure() {
    let platform = Platform::new().await;
    let erasure = begun(&platform, "acme", "canary-of-a-person", now()).await;
    let acme = platform.tenant("acme").await;
    let globex = platform.tenant("globex").await;
    assert_eq!(acme.person_erasure(erasure).await.unwrap().unwrap().persons.len(), 1);
    assert_eq!(acme.person_erasures(None, 10).await.unwrap().len(), 1);
    assert_eq!(globex.person_erasure(erasure).await.unwrap(), None);
    assert!(globex.person_erasures(None, 10).await.unwrap().is_empty());

    let mut all = everything(&platform).await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut *all)
    .await
    .unwrap();
    assert!(tables.len() > 10, "{tables:?}");
    for table in tables {
        let sql = format!(
            "SELECT count(*) FROM \"{table}\" AS t WHERE t::text LIKE '%canary-of-a-person%'"
        );
        let sql = sqlx::AssertSqlSafe(sql);
        let found: i64 = sqlx::query_scalar(sql).fetch_one(&mut *all).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
}

#[tokio::test]
async fn erased_persons_are_known_by_their_hash_and_the_last_time_they_were_erased() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let nobody = admin.erased_persons_version().await.unwrap();
    let early = now() - TimeDelta::days(1);
    begun(&platform, "acme", "ann", early).await;
    let first = admin.erased_persons_version().await.unwrap();
    begun(&platform, "acme", "ann", now()).await;
    assert_ne!(nobody, first);
    assert_ne!(first, admin.erased_persons_version().await.unwrap());
    let erased = erased(&platform).await;
    assert!(erased.include_word(&id("acme"), "ann"));
    assert!(!erased.include_word(&id("acme"), "bob"));
    assert!(!erased.include_word(&id("globex"), "ann"), "another shop's visitor of this name");
    let between = early + TimeDelta::hours(1);
    assert!(erased.include_document(&id("acme"), between, br#"{"visitor_id":"ann"}"#));
}

#[tokio::test]
async fn steps_are_resumed_and_the_receipt_is_kept_once_and_named_in_the_audit_log() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let erasure_id = begun(&platform, "acme", "ann", now()).await;
    let unfinished = admin.unfinished_person_erasures(Duration::ZERO).await.unwrap();
    let [erasure] = &unfinished[..] else { panic!("{unfinished:?}") };
    let step = PersonEraseStep::ClickHouse;
    let is_deleting = async || admin.is_deleting_persons(&id("acme")).await.unwrap();
    assert!(!is_deleting().await);
    admin.begin_person_erase_step(erasure, step, &json!({"event_rows": 3})).await.unwrap();
    assert!(is_deleting().await);
    admin.begin_person_erase_step(erasure, step, &json!({"event_rows": 0})).await.unwrap();
    let found = admin.person_erasures(&id("acme")).await.unwrap().remove(0);
    assert_eq!(found.step(step).unwrap().counts, json!({"event_rows": 3}));
    assert_eq!(found.finished_at(step), None);

    finish(&platform, erasure).await;
    assert!(!is_deleting().await);
    assert!(admin.unfinished_person_erasures(Duration::ZERO).await.unwrap().is_empty());
    let again = EraseReceipt { text: "another".into(), ..receipt() };
    admin.finish_person_erasure(erasure, &again).await.unwrap();
    let acme = platform.tenant("acme").await;
    let kept = acme.person_erasure(erasure_id).await.unwrap().unwrap();
    assert_eq!(kept.receipt.unwrap().text, "{}");
    let log = admin.audit_log(None, 10).await.unwrap();
    let entry = log.iter().find(|row| row.action == "person.erased").unwrap();
    assert_eq!(entry.detail, json!({"receipt_sha256": hex::encode([7; 32])}));
    assert_eq!(entry.subject, format!("person_erasure:{erasure_id}"));
}

#[tokio::test]
async fn an_erasure_that_begins_again_keeps_the_hash_of_its_receipt() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let erasure_id = begun(&platform, "acme", "ann", now()).await;
    begun(&platform, "globex", "ann", now()).await;
    for erasure in admin.unfinished_person_erasures(Duration::ZERO).await.unwrap() {
        finish(&platform, &erasure).await;
    }
    assert_eq!(admin.repeat_person_erasures(&id("acme")).await.unwrap(), [erasure_id]);
    assert!(admin.repeat_person_erasures(&id("acme")).await.unwrap().is_empty(), "it has begun");
    let unfinished = admin.unfinished_person_erasures(Duration::ZERO).await.unwrap();
    let [repeated] = &unfinished[..] else { panic!("{unfinished:?}") };
    assert_eq!(repeated.erasure_id, erasure_id, "the neighbour's is finished");
    assert!(repeated.steps.is_empty() && repeated.receipt.is_none());
    assert_eq!(repeated.earlier_receipts, [[7; 32]]);
    assert!(repeated.repeated_at.is_some());
}

#[tokio::test]
async fn an_erasure_settles_from_when_it_is_there_and_not_from_the_clock_of_an_api() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    assert_eq!(admin.oldest_person_erasure().await.unwrap(), Duration::ZERO);
    // Of an api that is behind, or that was stopped before it committed.
    begun(&platform, "acme", "ann", now() - TimeDelta::hours(1)).await;
    assert!(admin.oldest_person_erasure().await.unwrap() >= Duration::from_hours(1));
    let settled = async |time| admin.unfinished_person_erasures(time).await.unwrap();
    assert!(settled(Duration::from_secs(1)).await.is_empty(), "it is seen now");
    let seen_at = settled(Duration::ZERO).await[0].seen_at.unwrap();
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let settled = settled(Duration::from_secs(1)).await;
    assert_eq!(settled[0].seen_at, Some(seen_at), "it was seen first before");
}

#[tokio::test]
async fn a_tenant_has_a_limit_of_unfinished_erasures() {
    let platform = Platform::new().await;
    let limits = PersonErasureLimits { unfinished: 2, ..LIMITS };
    let begin = async |tenant| {
        key(&platform, tenant).await;
        let (erasure_id, asked_at) = (Uuid::now_v7(), now());
        let erasure = NewPersonErasure { erasure_id, asked_at, persons: Vec::new() };
        let control = platform.tenant(tenant).await;
        control.begin_person_erasure(ACTOR, &erasure, limits).await.unwrap()
    };
    for _ in 0..2 {
        assert_eq!(begin("acme").await, BegunPersonErasure::Begun);
    }
    assert_eq!(begin("acme").await, BegunPersonErasure::TooManyUnfinished);
    assert_eq!(begin("globex").await, BegunPersonErasure::Begun);
}

#[tokio::test]
async fn a_tenant_has_a_limit_of_erased_persons() {
    let platform = Platform::new().await;
    let limits = PersonErasureLimits { persons: 3, ..LIMITS };
    let begin = async |tenant, first: u8, count: u8| {
        key(&platform, tenant).await;
        let hashes = (first..first + count).map(|number| PersonHash([number; 32]));
        let persons = hashes.map(|hash| (PersonKind::Visitor, hash)).collect();
        let erasure = NewPersonErasure { erasure_id: Uuid::now_v7(), asked_at: now(), persons };
        let control = platform.tenant(tenant).await;
        control.begin_person_erasure(ACTOR, &erasure, limits).await.unwrap()
    };
    assert_eq!(begin("acme", 0, 2).await, BegunPersonErasure::Begun);
    assert_eq!(begin("acme", 2, 2).await, BegunPersonErasure::TooManyPersons);
    assert_eq!(begin("globex", 2, 2).await, BegunPersonErasure::Begun);
    assert_eq!(begin("acme", 2, 1).await, BegunPersonErasure::Begun);
    assert_eq!(begin("acme", 3, 1).await, BegunPersonErasure::TooManyPersons);
}

#[tokio::test]
async fn only_erasures_that_are_not_known_are_read_and_of_no_other_tenant() {
    let platform = Platform::new().await;
    begun(&platform, "acme", "ann", now()).await;
    begun(&platform, "globex", "ann", now()).await;
    let mut persons = ErasedPersons::default();
    let known = update(&platform, &mut persons, &ErasedPersonsVersion::default()).await;
    // What is known already is not read again.
    let mut all = everything(&platform).await;
    sqlx::query("DELETE FROM erased_person").execute(&mut *all).await.unwrap();
    begun(&platform, "acme", "bob", now()).await;
    let known = update(&platform, &mut persons, &known).await;
    let includes = |persons: &ErasedPersons, tenant, name| persons.include_word(&id(tenant), name);
    assert!(includes(&persons, "acme", "ann") && includes(&persons, "acme", "bob"));
    assert!(includes(&persons, "globex", "ann") && !includes(&persons, "globex", "bob"));
    // With another key, hashes mean other persons.
    sqlx::query("UPDATE person_key SET sealed = 'x' WHERE client_id = 'acme'")
        .execute(&mut *all)
        .await
        .unwrap();
    update(&platform, &mut persons, &known).await;
    assert_eq!(persons.in_doubt().collect::<Vec<_>>(), [&id("acme")]);
    assert!(!includes(&persons, "acme", "bob"));
}

#[tokio::test]
async fn a_key_that_cannot_be_opened_puts_its_own_tenant_in_doubt_only() {
    let platform = Platform::new().await;
    begun(&platform, "acme", "ann", now()).await;
    begun(&platform, "globex", "ann", now()).await;
    let mut all = everything(&platform).await;
    sqlx::query("UPDATE person_key SET sealed = 'x' WHERE client_id = 'acme'")
        .execute(&mut *all)
        .await
        .unwrap();
    let persons = erased(&platform).await;
    assert_eq!(persons.in_doubt().collect::<Vec<_>>(), [&id("acme")]);
    assert!(persons.include_word(&id("globex"), "ann"));
}

#[tokio::test]
async fn what_users_keep_about_a_person_is_removed_and_nothing_else() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    for tenant in ["acme", "globex"] {
        let user = platform.user(tenant, &format!("ann@{tenant}.example"), Role::Owner).await;
        // A visitor may be called as a campaign is.
        let campaign = "ann-4711".parse().unwrap();
        admin.put_campaign(&id(tenant), &campaign, "x", None).await.unwrap();
        let control = platform.tenant(tenant).await;
        for (name, dimension, value) in [
            ("of ann", "member", "ann-4711"),
            ("of others", "member", "annie-4711"),
            ("of the campaign", "campaign", "ann-4711"),
            ("ann-4711", "member", "gold"),
        ] {
            let mut kept = cohort(name, user);
            kept.definition["filters"] = json!({"dimension": dimension, "in": [value]});
            control.create_kept_cohort(ACTOR, &kept, 5).await.unwrap().unwrap();
        }
        for text in ["A call of (ann-4711).", "30 purchase days for gold"] {
            let mut mark = annotation(AnnotationScope::Tenant, user);
            mark.text = text.to_owned();
            control.create_annotation(ACTOR, &mark, QUOTA).await.unwrap().unwrap();
        }
    }
    // Words of every definition, and of many, are ids, too.
    let ids = ["ann-4711", "filters", "last_days", "30", "purchase", "gold"];
    let is_ann = |word: &str| ids.contains(&word);
    let found = admin.count_person_words(&id("acme"), &is_ann).await.unwrap();
    let erased = admin.erase_person_words(&id("acme"), &is_ann).await.unwrap();
    assert_eq!(found, erased);
    let lists: Vec<_> = erased.into_iter().collect();
    let expected = [
        ("annotations", 1),
        ("cohorts", 1),
        ("report_jobs", 0),
        ("saved_reports", 0),
        ("schedules", 0),
    ];
    assert_eq!(lists, expected, "the retailer's own names are not searched");
    let cohorts = async |tenant: &str| -> Vec<String> {
        let kept = platform.tenant(tenant).await.kept_cohorts(None, 5).await.unwrap();
        kept.into_iter().map(|cohort| cohort.name).collect()
    };
    assert_eq!(cohorts("acme").await, ["of others", "of the campaign", "ann-4711"]);
    assert_eq!(cohorts("globex").await.len(), 4, "a neighbour loses nothing");
    let left = admin.count_person_words(&id("acme"), &is_ann).await.unwrap();
    assert!(left.values().all(|count| *count == 0), "{left:?}");
}

#[tokio::test]
async fn erasures_of_persons_end_with_their_tenant() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    begun(&platform, "acme", "ann", now()).await;
    let acme = id("acme");
    admin.begin_offboarding(&acme, "ended", Duration::ZERO).await.unwrap();
    assert!(admin.begin_erasing(&acme).await.unwrap());
    assert!(admin.unfinished_person_erasures(Duration::ZERO).await.unwrap().is_empty());
    while !admin.erase_some_rows(&acme).await.unwrap() {}
    assert!(!erased(&platform).await.concern(&acme));
}

#[tokio::test]
async fn an_erasure_that_was_lost_with_its_key_is_restored_once_and_begins_again() {
    let platform = Platform::new().await;
    let admin = platform.admin();
    let erasure_id = begun(&platform, "acme", "ann", now()).await;
    let acme = id("acme");
    let erasure = admin.person_erasures(&acme).await.unwrap().remove(0);
    let sealed = admin.sealed_person_key(&acme).await.unwrap().unwrap();
    let restore = async |erasure: &PersonErasure| {
        admin.restore_person_erasure(&sealer(), &sealed, erasure).await
    };
    assert!(!restore(&erasure).await.unwrap(), "it is known");
    let mut all = everything(&platform).await;
    for table in ["erased_person", "person_erasure_step", "person_erasure", "person_key"] {
        let sql = sqlx::AssertSqlSafe(format!("DELETE FROM {table}"));
        sqlx::query(sql).execute(&mut *all).await.unwrap();
    }
    assert!(restore(&erasure).await.unwrap());
    assert!(!restore(&erasure).await.unwrap());
    let unfinished = admin.unfinished_person_erasures(Duration::ZERO).await.unwrap();
    assert!(unfinished[0].seen_at.is_some(), "its time to settle begins again");
    let unseen = PersonErasure { seen_at: None, ..unfinished[0].clone() };
    assert_eq!(unseen, erasure);
    assert_eq!(unfinished[0].erasure_id, erasure_id);
    assert!(erased(&platform).await.include_word(&acme, "ann"));

    let of_nobody = PersonErasure { client_id: id("nobody"), ..erasure.clone() };
    let sealed_for_acme = restore(&of_nobody).await;
    assert!(sealed_for_acme.is_err(), "a key opens for its own tenant only");
    key(&platform, "globex").await;
    let theirs = admin.sealed_person_key(&id("globex")).await.unwrap().unwrap();
    assert!(admin.restore_person_erasure(&sealer(), &theirs, &erasure).await.is_err());
}
