use auth::Role;
use chrono::{DateTime, Utc};
use control_plane::{CohortWriter, ControlPlaneError, KeptCohort, TenantControl};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::Platform;

const MOST: u32 = 2;

pub(crate) fn cohort(name: &str, author: Uuid) -> KeptCohort {
    let created_at: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    KeptCohort {
        cohort_id: Uuid::now_v7(),
        name: name.into(),
        description: None,
        definition: json!({"events": ["purchase"], "time": {"last_days": 30}}),
        created_by: Some(author),
        created_at,
        updated_at: created_at,
    }
}

async fn keep(tenant: &TenantControl, cohort: &KeptCohort) -> Option<KeptCohort> {
    tenant.create_kept_cohort("user:1", cohort, MOST).await.unwrap()
}

async fn names(tenant: &TenantControl) -> Vec<String> {
    let listed = tenant.kept_cohorts(None, 10).await.unwrap();
    listed.into_iter().map(|cohort| cohort.name).collect()
}

#[tokio::test]
async fn cohorts_are_listed_by_pages_and_found_by_their_ids() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let buyers = keep(&acme, &cohort("buyers", ann)).await.unwrap();
    let lookers = keep(&acme, &cohort("lookers", ann)).await.unwrap();
    assert_eq!(names(&acme).await, ["buyers", "lookers"]);
    let rest = acme.kept_cohorts(Some(buyers.cohort_id), 10).await.unwrap();
    assert_eq!(rest, std::slice::from_ref(&lookers));
    let ids = [lookers.cohort_id, Uuid::now_v7(), buyers.cohort_id];
    assert_eq!(acme.kept_cohorts_with(&ids).await.unwrap(), [buyers, lookers]);
    assert!(acme.kept_cohorts_with(&[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn only_its_author_and_a_manager_of_all_change_a_cohort() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("acme", "bob@acme.example", Role::Analyst).await;
    let acme = platform.tenant("acme").await;
    let kept = keep(&acme, &cohort("buyers", bob)).await.unwrap();
    let other = CohortWriter { user: ann, manages_all: false };
    let manager = CohortWriter { user: ann, manages_all: true };
    let author = CohortWriter { user: bob, manages_all: false };
    let mut changed = KeptCohort { name: "big buyers".into(), ..kept.clone() };
    changed.definition["at_least"] = json!(5);
    changed.updated_at += chrono::TimeDelta::hours(1);
    for (writer, expected) in [(other, None), (manager, Some(&changed)), (author, Some(&changed))] {
        let replaced = acme.replace_kept_cohort("user:1", writer, &changed).await.unwrap();
        assert_eq!(replaced.as_ref(), expected, "{writer:?}");
    }
    let delete = async |writer| {
        acme.delete_kept_cohort("user:1", writer, kept.cohort_id).await.unwrap().is_some()
    };
    assert!(!delete(other).await);
    assert!(delete(author).await);
    assert!(!delete(manager).await, "it is deleted");
}

#[tokio::test]
async fn a_name_is_given_once_and_a_tenant_has_a_limited_number() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let bob = platform.user("globex", "bob@globex.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    keep(&acme, &cohort("buyers", ann)).await.unwrap();
    let same = cohort("buyers", ann);
    let refused = acme.create_kept_cohort("user:1", &same, MOST).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Conflict { .. }), "{refused:?}");
    let lookers = keep(&acme, &cohort("lookers", ann)).await.unwrap();
    let renamed = KeptCohort { name: "buyers".into(), ..lookers };
    let writer = CohortWriter { user: ann, manages_all: false };
    let refused = acme.replace_kept_cohort("user:1", writer, &renamed).await.unwrap_err();
    assert!(matches!(refused, ControlPlaneError::Conflict { .. }), "{refused:?}");
    assert_eq!(keep(&acme, &cohort("one more", ann)).await, None);
    let globex = platform.tenant("globex").await;
    assert!(keep(&globex, &cohort("buyers", bob)).await.is_some(), "names are of one tenant");
}

#[tokio::test]
async fn the_cohorts_of_a_deleted_user_stay() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let kept = keep(&acme, &cohort("buyers", ann)).await.unwrap();
    let mut transaction = platform.database.raw().await.begin().await.unwrap();
    for (statement, value) in [
        (include_str!("../../queries/session/for_tenant.sql"), "acme".to_owned()),
        ("DELETE FROM app_user WHERE user_id = $1::uuid", ann.to_string()),
    ] {
        sqlx::query(statement).bind(value).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let found = acme.kept_cohorts_with(&[kept.cohort_id]).await.unwrap();
    assert_eq!(found, [KeptCohort { created_by: None, ..kept }]);
}

#[tokio::test]
async fn another_tenant_finds_no_cohort_to_read_change_or_delete() {
    let platform = Platform::new().await;
    let ann = platform.user("acme", "ann@acme.example", Role::Owner).await;
    let acme = platform.tenant("acme").await;
    let kept = keep(&acme, &cohort("buyers", ann)).await.unwrap();
    let globex = platform.tenant("globex").await;
    let writer = CohortWriter { user: ann, manages_all: true };
    assert!(names(&globex).await.is_empty());
    assert!(globex.kept_cohorts_with(&[kept.cohort_id]).await.unwrap().is_empty());
    let replaced = globex.replace_kept_cohort("user:1", writer, &kept).await.unwrap();
    assert_eq!(replaced, None);
    let deleted = globex.delete_kept_cohort("user:1", writer, kept.cohort_id).await.unwrap();
    assert_eq!(deleted, None);
    assert_eq!(names(&acme).await, ["buyers"]);
}
