use chrono::{TimeDelta, Utc};
use processor::{ProcessorError, Replay};

use crate::stand::{NEVER, Stand, impressions};

/// Thirty events, ten of which are sent again.
fn with_resends() -> Vec<events::Event> {
    let mut events = impressions(30);
    events.extend(events[..10].to_vec());
    events
}

#[tokio::test]
async fn an_emptied_table_is_filled_by_a_replay_and_a_second_one_changes_nothing() {
    let mut stand = Stand::new(NEVER).await;
    let (tenant, other) = (stand.tenant("shared").await, stand.tenant("shared").await);
    stand.store(&tenant, with_resends()).await;
    stand.store(&other, impressions(5)).await;
    let before = stand.places(&tenant).await;
    for tenant in [&tenant, &other] {
        stand.damage(tenant, "TRUNCATE TABLE events").await;
    }

    let dry = stand.replay(&tenant, true).await.total();
    assert_eq!((dry.expected, dry.missing, dry.repaired), (30, 30, 0));
    assert_eq!(stand.places(&tenant).await, [], "a dry run changes nothing");

    let first = stand.replay(&tenant, false).await.total();
    assert_eq!((first.expected, first.missing, first.repaired), (30, 30, 30));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 30);
    assert_eq!(stand.places(&other).await, [], "another tenant was not asked for");

    let second = stand.replay(&tenant, false).await.total();
    assert_eq!((second.expected, second.found, second.repaired), (30, 30, 0));
    assert_eq!(stand.places(&tenant).await, before);
}

#[tokio::test]
async fn only_what_was_logged_in_that_time_is_replayed() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    // The log's clock is the same machine's, to the millisecond.
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let middle = Utc::now();
    stand.store(&tenant, impressions(6)).await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let (early, late) = (middle - TimeDelta::hours(1), middle + TimeDelta::hours(1));
    assert_eq!(stand.replay_of(&tenant, middle..late, false).await.total().repaired, 6);
    assert_eq!(stand.replay_of(&tenant, early..middle, false).await.total().repaired, 10);
    assert_eq!(stand.places(&tenant).await.len(), 16);
}

#[tokio::test]
async fn what_the_log_has_let_go_comes_from_the_archive_with_the_same_resends_left_out() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, with_resends()).await;
    let before = stand.places(&tenant).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.store(&tenant, impressions(4)).await;
    let all = stand.places(&tenant).await;
    assert_eq!(all.len(), before.len() + 4);
    stand.damage(&tenant, "TRUNCATE TABLE events").await;

    // Not even the ledger remembers which were left out.
    let horizon = Utc::now() + TimeDelta::minutes(1);
    stand.parts.control_plane.ledger().prune(horizon).await.unwrap();
    let report = stand.replay(&tenant, false).await;
    assert!(report.lost.is_empty(), "{:?}", report.lost);
    assert_eq!(report.total().repaired, 34);
    assert_eq!(stand.places(&tenant).await, all);
    assert_eq!(stand.replay(&tenant, false).await.total().repaired, 0);
}

#[tokio::test]
async fn a_log_made_anew_does_not_hide_the_one_before() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, with_resends()).await;
    stand.archive(stand.copy_log().await).await;
    stand.stop().await;
    stand.make_log_anew().await;
    stand.start().await;
    stand.store(&tenant, impressions(8)).await;
    assert_eq!(stand.impressions(&tenant).await, 38, "old names swallow nothing new");

    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    assert_eq!(stand.replay(&tenant, false).await.total().repaired, 38);
    assert_eq!(stand.impressions(&tenant).await, 38);
}

#[tokio::test]
async fn records_that_are_nowhere_are_told() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    let mut objects = stand.copy_log().await;
    objects.remove(0);
    stand.archive(objects).await;
    stand.empty_log().await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let report = stand.replay(&tenant, false).await;
    assert!(matches!(report.lost[..], [ProcessorError::Lost { .. }, ..]), "{:?}", report.lost);
    let audited = stand.audit(false).await;
    assert!(audited.troubles[0].place.contains("partition"), "{audited:?}");
}

#[tokio::test]
async fn nothing_is_replayed_for_a_tenant_that_does_not_exist() {
    let stand = Stand::new(NEVER).await;
    let tenant = "nobody".parse().unwrap();
    let wanted = Replay { tenant, logged: Utc::now()..Utc::now(), dry_run: true };
    let refused = processor::replay(&stand.parts, &wanted, &mut |_| {}).await;
    assert!(matches!(refused, Err(ProcessorError::UnknownTenant(_))), "{refused:?}");
}
