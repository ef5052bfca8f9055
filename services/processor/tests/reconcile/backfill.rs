use chrono::{TimeDelta, Utc};
use control_plane::{BegunMove, ControlPlaneError};
use processor::{Backfill, ProcessorError};
use tenancy::Isolation;

use crate::stand::{NEVER, Stand, impressions};

/// Thirty events, ten of which are sent again.
fn with_resends() -> Vec<events::Event> {
    let mut events = impressions(30);
    events.extend(events[..10].to_vec());
    events
}

#[tokio::test]
async fn a_backfill_fills_an_emptied_table_and_a_second_one_changes_nothing() {
    let mut stand = Stand::new(NEVER).await;
    let (tenant, other) = (stand.tenant("shared").await, stand.tenant("shared").await);
    stand.store(&tenant, with_resends()).await;
    stand.store(&other, impressions(5)).await;
    let before = stand.places(&tenant).await;
    for tenant in [&tenant, &other] {
        stand.run(tenant, "TRUNCATE TABLE events").await;
    }

    let dry = stand.backfill(&tenant, true).await.total();
    assert_eq!((dry.expected, dry.missing, dry.repaired), (30, 30, 0));
    assert_eq!(stand.places(&tenant).await, [], "a dry run changes nothing");

    let first = stand.backfill(&tenant, false).await.total();
    assert_eq!((first.expected, first.missing, first.repaired), (30, 30, 30));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 30);
    assert_eq!(stand.places(&other).await, [], "another tenant is left as it is");

    let second = stand.backfill(&tenant, false).await.total();
    assert_eq!((second.expected, second.found, second.repaired), (30, 30, 0));
    assert_eq!(stand.places(&tenant).await, before);
}

#[tokio::test]
async fn only_records_logged_in_the_given_time_are_backfilled() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    // The log times records to the millisecond, by the clock of this machine.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let middle = Utc::now();
    stand.store(&tenant, impressions(6)).await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let early = middle - TimeDelta::hours(1);
    let late = middle + TimeDelta::hours(1);
    assert_eq!(stand.backfill_of(&tenant, middle..late, false).await.total().repaired, 6);
    assert_eq!(stand.backfill_of(&tenant, early..middle, false).await.total().repaired, 10);
    assert_eq!(stand.places(&tenant).await.len(), 16);
}

#[tokio::test]
async fn expired_records_come_from_the_archive_and_the_same_resends_are_left_out() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, with_resends()).await;
    let before = stand.places(&tenant).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.store(&tenant, impressions(4)).await;
    let all = stand.places(&tenant).await;
    assert_eq!(all.len(), before.len() + 4);
    stand.run(&tenant, "TRUNCATE TABLE events").await;

    // The ledger no longer contains the plans either.
    let horizon = Utc::now() + TimeDelta::minutes(1);
    stand.dependencies.control_plane.ledger().prune(horizon).await.unwrap();
    let report = stand.backfill(&tenant, false).await;
    assert!(report.lost.is_empty(), "{:?}", report.lost);
    assert_eq!(report.total().repaired, 34);
    assert_eq!(stand.places(&tenant).await, all);
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 0);
}

#[tokio::test]
async fn a_recreated_log_does_not_hide_the_earlier_one() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, with_resends()).await;
    stand.archive(stand.copy_log().await).await;
    stand.stop().await;
    stand.recreate_log().await;
    stand.start().await;
    stand.store(&tenant, impressions(8)).await;
    assert_eq!(stand.impressions(&tenant).await, 38, "names of the earlier log drop no new row");

    stand.run(&tenant, "TRUNCATE TABLE events").await;
    assert_eq!(stand.backfill(&tenant, false).await.total().repaired, 38);
    assert_eq!(stand.impressions(&tenant).await, 38);
}

#[tokio::test]
async fn records_in_neither_log_nor_archive_are_reported() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    let mut objects = stand.copy_log().await;
    objects.remove(0);
    stand.archive(objects).await;
    stand.empty_log().await;
    stand.run(&tenant, "TRUNCATE TABLE events").await;
    let report = stand.backfill(&tenant, false).await;
    assert!(matches!(report.lost[..], [ProcessorError::Lost(_), ..]), "{:?}", report.lost);
    let report = stand.reconcile(false).await;
    assert!(report.troubles[0].place.contains("partition"), "{report:?}");
}

#[tokio::test]
async fn a_backfill_of_an_unknown_tenant_is_refused() {
    let stand = Stand::new(NEVER).await;
    let tenant = "nobody".parse().unwrap();
    let request = Backfill { tenant, logged: Utc::now()..Utc::now(), dry_run: true };
    let refused = processor::backfill(&stand.dependencies, &request, &mut |_| {}).await;
    assert!(matches!(refused, Err(ProcessorError::UnknownTenant(_))), "{refused:?}");
}

#[tokio::test]
async fn a_tenant_that_is_being_moved_is_not_backfilled() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let shared = "shared".parse().unwrap();
    let begun = stand.admin().begin_move(tenant.client_id(), Isolation::Shared, &shared).await;
    assert!(matches!(begun, Ok(BegunMove::Begun(_))), "{begun:?}");
    let tenant = tenant.client_id().clone();
    let request = Backfill { tenant, logged: Utc::now()..Utc::now(), dry_run: false };
    let refused = processor::backfill(&stand.dependencies, &request, &mut |_| {}).await;
    assert!(
        matches!(refused, Err(ProcessorError::ControlPlane(ControlPlaneError::Moving))),
        "{refused:?}"
    );
}
