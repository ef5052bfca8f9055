use archive::{Archive, ArchiveSettings};
use control_plane::{Archived, Batch, Skip};
use processor::Findings;
use serde_json::json;
use settings::Secret;
use sqlx::{Connection, Executor, PgConnection};
use telemetry::Counter;
use testkit::eventually;
use warehouse::{ClusterSettings, InsertBatch};

use crate::stand::{COPY, NEVER, Stand, event, impressions};

/// Events of one row, of several rows, and copies that are dropped.
fn mixed() -> Vec<events::Event> {
    let item = |id: &str| json!({"product_id": id, "quantity": 1, "price": "2.50"});
    let mut events = impressions(40);
    events.extend(events[..10].to_vec());
    for _ in 0..5 {
        events.push(event(json!({"type": "purchase", "items": [item("a"), item("b"), item("c")]})));
    }
    events
}

const ROWS: u64 = 40 + 5 * 3;

#[tokio::test]
async fn what_is_right_is_found_right() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    for full in [false, true] {
        let report = stand.audit(full).await;
        assert!(report.is_right(), "{report:?}");
        assert_eq!((report.total().expected, report.total().found), (ROWS, ROWS));
    }
}

#[tokio::test]
async fn rows_lost_behind_the_ledgers_back_are_inserted_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenants = [stand.tenant("shared").await, stand.tenant("dedicated").await];
    for tenant in &tenants {
        stand.store(tenant, mixed()).await;
    }
    let [damaged, whole] = &tenants;
    let (before, neighbour) = (stand.places(damaged).await, stand.places(whole).await);
    stand.damage(damaged, "ALTER TABLE events DELETE WHERE koff % 3 = 0 OR kline = 1").await;
    let lost = before.len() - stand.places(damaged).await.len();
    assert!(lost > 5, "{lost}");

    let found = stand.audit(false).await;
    let total = found.total();
    assert_eq!((total.expected, total.missing, total.doubled), (2 * ROWS, lost as u64, 0));
    assert_eq!((total.repaired, total.left(), found.troubles.len()), (lost as u64, 0, 0));
    assert_eq!(stand.places(damaged).await, before);
    assert_eq!(stand.places(whole).await, neighbour);
    assert_eq!(stand.impressions(damaged).await, 40);
    assert!(stand.audit(true).await.is_right());

    // The names of the first repair are used up: what is lost again takes the next ones.
    stand.damage(damaged, "ALTER TABLE events DELETE WHERE koff % 3 = 0").await;
    assert_eq!(stand.audit(false).await.total().left(), 0);
    assert_eq!(stand.places(damaged).await, before);
}

#[tokio::test]
async fn an_emptied_table_is_filled_again() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    let before = stand.places(&tenant).await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let total = stand.audit(false).await.total();
    assert_eq!(total, Findings { expected: ROWS, missing: ROWS, repaired: ROWS, ..total });
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 40);
}

#[tokio::test]
async fn doubled_rows_are_deleted_and_nothing_else() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, mixed()).await;
    let before = stand.places(&tenant).await;
    for which in ["koff % 2 = 0", "koff % 4 = 0"] {
        stand.damage(&tenant, &format!("{COPY} WHERE {which}")).await;
    }
    let doubled = stand.places(&tenant).await.len() - before.len();
    assert!(doubled > 10 && stand.impressions(&tenant).await > 40);

    let total = stand.audit(false).await.total();
    assert_eq!((total.doubled, total.missing, total.left()), (doubled as u64, 0, 0));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 40, "the projection says what the rows say");
    assert!(stand.audit(true).await.is_right());
}

#[tokio::test]
async fn as_many_rows_lost_as_doubled_do_not_hide_each_other() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(20)).await;
    let before = stand.places(&tenant).await;
    let (lost, doubled) = (before[0], before[1]);
    assert_eq!(lost.0, doubled.0, "of one partition, so that they are counted together");
    let at =
        |(partition, offset, _): (u16, u64, u8)| format!("kpart = {partition} AND koff = {offset}");
    stand.damage(&tenant, &format!("{COPY} WHERE {}", at(doubled))).await;
    stand.damage(&tenant, &format!("ALTER TABLE events DELETE WHERE {}", at(lost))).await;
    assert_eq!(stand.places(&tenant).await.len(), before.len());

    let total = stand.audit(false).await.total();
    assert_eq!((total.missing, total.doubled, total.left()), (1, 1, 0));
    assert_eq!(stand.places(&tenant).await, before);
}

#[tokio::test]
async fn a_zombies_insert_beyond_the_window_of_tokens_is_taken_back() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand
        .damage(
            &tenant,
            "ALTER TABLE events MODIFY SETTING non_replicated_deduplication_window = 1",
        )
        .await;
    stand.store(&tenant, impressions(10)).await;
    let partition = stand.places(&tenant).await[0].0;
    let batch = stand.batches(partition).await.remove(0);
    // Another insert pushes the batch's token out of the window.
    stand.store(&tenant, impressions(10)).await;
    let before = stand.places(&tenant).await;

    let (insert, rows) = stand.insert_of(partition, &batch).await;
    stand.parts.warehouse.insert(&insert, &rows).await.unwrap();
    let written = stand.places(&tenant).await.len() - before.len();
    assert!(written > 0, "the token kept the zombie away");

    let total = stand.audit(false).await.total();
    assert_eq!((total.doubled, total.left()), (written as u64, 0));
    assert_eq!(stand.places(&tenant).await, before);
    assert_eq!(stand.impressions(&tenant).await, 20);
}

#[tokio::test]
async fn rows_nobody_planned_are_told_and_left_alone() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    let mut events = impressions(5);
    events.push(events[0].clone());
    stand.store(&tenant, events).await;
    let mut planned = Vec::new();
    for partition in 0..2 {
        planned.extend(stand.batches(partition).await.into_iter().map(|batch| (partition, batch)));
    }
    let resend = |(_, batch): &&(u16, Batch)| !batch.plan.skip.duplicates.is_empty();
    let (partition, batch) = planned.iter().find(resend).unwrap();
    let mut everything = batch.clone();
    everything.plan.skip = Skip::default();
    let (insert, rows) = stand.insert_of(*partition, &everything).await;
    stand.parts.warehouse.insert(&InsertBatch { repair: 9, ..insert }, &rows).await.unwrap();

    let total = stand.audit(false).await.total();
    assert_eq!((total.unplanned, total.left()), (1, 1), "{total:?}");
    assert_eq!(
        stand.places(&tenant).await.len(),
        6,
        "copies are gone, the row without a plan stays"
    );
}

#[tokio::test]
async fn tables_that_are_away_do_not_keep_others_from_being_audited() {
    let mut stand = Stand::new(NEVER).await;
    let (near, far) = (stand.tenant("shared").await, stand.tenant("dedicated").await);
    stand.store(&near, impressions(10)).await;
    stand.store(&far, impressions(10)).await;
    stand.damage(&near, "TRUNCATE TABLE events").await;
    let there: ClusterSettings = testkit::cluster("dedicated");
    let nobody = ClusterSettings { url: "http://127.0.0.1:1".to_owned(), ..there.clone() };
    stand.parts.warehouse.register("dedicated".parse().unwrap(), &nobody);

    let report = stand.audit(false).await;
    assert_eq!((report.total().missing, report.total().left()), (10, 0));
    assert_eq!(report.troubles.len(), 1);
    assert!(report.troubles[0].place.ends_with(&far.destination().database));
    assert_eq!(stand.places(&near).await.len(), 10);
    stand.parts.warehouse.register("dedicated".parse().unwrap(), &there);
    assert!(stand.audit(false).await.is_right());
}

#[tokio::test]
async fn processors_audit_by_themselves_and_count_what_they_mend() {
    let mut stand = Stand::new(1).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    let before = stand.places(&tenant).await;
    let mended = Counter::AuditRepairs.value(&["missing"]);
    stand.damage(&tenant, "ALTER TABLE events DELETE WHERE koff % 2 = 0").await;
    eventually("the rows are back", async || (stand.places(&tenant).await == before).then_some(()))
        .await;
    assert!(Counter::AuditRepairs.value(&["missing"]) > mended);
}

#[tokio::test]
async fn rows_lost_days_after_they_were_stored_are_missed_as_well() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(10)).await;
    stand.stop().await;
    let before = stand.places(&tenant).await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let mut ledger = PgConnection::connect(stand.database.url()).await.unwrap();
    let days_ago = "UPDATE batch SET done_at = done_at - interval '3 days' WHERE state = 'done'";
    ledger.execute(days_ago).await.unwrap();
    ledger.execute("DELETE FROM audit_look").await.unwrap();
    stand.start().await;
    eventually("the rows are back", async || (stand.places(&tenant).await == before).then_some(()))
        .await;
}

#[tokio::test]
async fn copies_are_deleted_also_where_later_rows_cannot_be_put_back() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    for _ in 0..9 {
        stand.publish(&tenant, impressions(5_000)).await;
    }
    stand.stored().await;
    // One of the two has more than are compared at once.
    let places = stand.places(&tenant).await;
    let (partition, ..) = places.iter().find(|(_, offset, _)| *offset == 20_000).unwrap();
    let of = format!("WHERE kpart = {partition} AND koff");
    stand.damage(&tenant, &format!("{COPY} {of} < 10")).await;
    stand.damage(&tenant, &format!("ALTER TABLE events DELETE {of} >= 20000")).await;
    stand.damage(&tenant, "ALTER TABLE events ADD CONSTRAINT none CHECK koff < 0").await;
    let copies = async || {
        let mut places = stand.places(&tenant).await;
        let all = places.len();
        places.sort_unstable();
        places.dedup();
        all - places.len()
    };
    assert_eq!(copies().await, 10);
    let report = stand.audit(false).await;
    assert_eq!((report.troubles.len(), copies().await), (1, 0), "{report:?}");
}

#[tokio::test]
async fn an_object_that_is_missing_is_put_back_and_a_damaged_one_is_told() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let right = stand.audit(true).await;
    assert!(right.is_right() && right.archive.objects >= 4, "{right:?}");

    let objects = stand.objects();
    let lost = std::fs::read(&objects[0]).unwrap();
    std::fs::remove_file(&objects[0]).unwrap();
    std::fs::write(&objects[1], b"not what was put").unwrap();
    let found = stand.audit(true).await;
    let archive = found.archive;
    assert_eq!((archive.missing, archive.restored, archive.damaged), (1, 1, 1), "{found:?}");
    assert!(!found.is_right() && found.troubles.len() == 1);
    assert_eq!(std::fs::read(&objects[0]).unwrap(), lost, "byte for byte");

    std::fs::remove_file(&objects[0]).unwrap();
    stand.empty_log().await;
    let found = stand.audit(true).await;
    assert_eq!((found.archive.missing, found.archive.restored), (1, 0), "the log has let it go");
}

#[tokio::test]
async fn sizes_alone_tell_a_missing_object_and_one_that_was_cut() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    assert!(stand.audit(false).await.is_right());
    let objects = stand.objects();
    std::fs::remove_file(&objects[0]).unwrap();
    std::fs::write(&objects[1], b"cut").unwrap();
    let archive = stand.audit(false).await.archive;
    assert_eq!((archive.missing, archive.restored, archive.damaged), (1, 1, 1), "{archive:?}");
}

#[tokio::test]
async fn an_object_that_another_version_would_write_with_other_bytes_is_put_back_and_readable() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    let (ledger, kgen) = (stand.parts.control_plane.ledger(), stand.kgen().await);
    let known = ledger.archived(kgen, 0, 0..=0).await.unwrap().remove(0);
    let by_another = Archived { sha256: [7; 32], bytes: known.bytes + 9, ..known.clone() };
    ledger.vouch_anew(&known, &by_another).await.unwrap();
    std::fs::remove_file(&stand.objects()[0]).unwrap();

    let archive = stand.audit(true).await.archive;
    assert_eq!((archive.missing, archive.restored), (1, 1), "{archive:?}");
    assert_eq!(ledger.archived(kgen, 0, 0..=0).await.unwrap(), [known]);
    assert!(stand.audit(true).await.is_right());
}

#[tokio::test]
async fn records_that_cannot_be_read_for_now_are_troubles_and_end_no_audit() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(40)).await;
    stand.archive(stand.copy_log().await).await;
    stand.empty_log().await;
    stand.damage(&tenant, "TRUNCATE TABLE events").await;
    let nowhere = ArchiveSettings {
        url: "s3://nowhere/at-all".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: "http://127.0.0.1:1".to_owned(),
        access_key_id: Secret::new("key".to_owned()),
        secret_access_key: Secret::new("hunter2".to_owned()),
    };
    let archive = std::mem::replace(&mut stand.parts.archive, Archive::new(&nowhere).unwrap());
    let report = stand.audit(false).await;
    assert_eq!(report.troubles.len(), 3, "two partitions and the archive: {report:?}");

    stand.parts.archive = archive;
    assert_eq!(stand.audit(false).await.total().repaired, 40);
}

#[tokio::test]
async fn objects_that_do_not_follow_each_other_are_told() {
    let mut stand = Stand::new(NEVER).await;
    let tenant = stand.tenant("shared").await;
    stand.store(&tenant, impressions(60)).await;
    let mut objects = stand.copy_log().await;
    // The second of three or more of the first partition.
    objects.remove(1);
    stand.archive(objects).await;
    let report = stand.audit(false).await;
    assert_eq!((report.archive.gaps, report.troubles.len()), (1, 1), "{report:?}");
}
