use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{BatchPlan, Ledger, PlannedDestination, Skip};
use tenancy::Destination;

use crate::fixture::Platform;

const GROUP: &str = "store";
const TOPIC: &str = "events.v1";

fn destination(database: &str) -> Destination {
    Destination { cluster: "shared".parse().unwrap(), database: database.to_owned() }
}

fn plan(first: u64, last: u64, rows: &[(&str, u64)]) -> BatchPlan {
    let planned = |(database, rows): &(&str, u64)| PlannedDestination {
        destination: destination(database),
        rows: *rows,
        routes: BTreeMap::new(),
    };
    BatchPlan {
        first,
        last,
        skip: Skip::default(),
        destinations: rows.iter().map(planned).collect(),
    }
}

/// Plans and marks each batch in its turn.
async fn done(ledger: &Ledger, kgen: u16, partition: u16, plans: &[BatchPlan]) {
    let mut lease = ledger.take(GROUP, kgen, partition, "a").await.unwrap();
    for plan in plans {
        ledger.plan(&lease, plan).await.unwrap();
        lease = ledger.mark(&lease, plan.last, Utc::now()).await.unwrap();
    }
}

fn hour() -> std::ops::Range<DateTime<Utc>> {
    Utc::now() - TimeDelta::minutes(30)..Utc::now() + TimeDelta::minutes(30)
}

#[tokio::test]
async fn done_batches_add_up_to_spans_by_the_tables_they_were_planned_for() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let kgen = ledger.generation(TOPIC, "topic-1", 2).await.unwrap();
    let plans = [
        plan(0, 9, &[("a", 10)]),
        plan(10, 24, &[("a", 4), ("b", 3)]),
        plan(25, 99, &[]),
        plan(100, 109, &[("b", 7)]),
    ];
    done(&ledger, kgen, 0, &plans).await;
    done(&ledger, kgen, 1, &[plan(0, 4, &[("b", 5)])]).await;
    let open = ledger.take(GROUP, kgen, 1, "b").await.unwrap();
    ledger.plan(&open, &plan(5, 9, &[("b", 5)])).await.unwrap();

    let spans = ledger.done_spans(GROUP, TOPIC, hour(), 100).await.unwrap();
    let found: Vec<_> = spans
        .iter()
        .map(|span| {
            let rows: Vec<_> =
                span.rows.iter().map(|(to, rows)| (to.database.as_str(), *rows)).collect();
            (span.partition, span.first, span.last, rows)
        })
        .collect();
    let expected = [
        (0, 0, 99, vec![("a", 14), ("b", 3)]),
        (0, 100, 109, vec![("b", 7)]),
        (1, 0, 4, vec![("b", 5)]),
    ];
    assert_eq!(found, expected, "what is planned and not done is not among them");
    assert!(spans.iter().all(|span| span.kgen == kgen && hour().contains(span.planned.start())));

    let fine = ledger.done_spans(GROUP, TOPIC, hour(), 10).await.unwrap();
    let firsts: Vec<_> = fine.iter().map(|span| (span.partition, span.first, span.last)).collect();
    assert_eq!(firsts, [(0, 0, 9), (0, 10, 24), (0, 25, 99), (0, 100, 109), (1, 0, 4)]);

    let long_ago = hour().start - TimeDelta::days(1)..hour().start;
    assert_eq!(ledger.done_spans(GROUP, TOPIC, long_ago, 100).await.unwrap(), []);
    assert_eq!(ledger.done_spans(GROUP, "events.v0", hour(), 100).await.unwrap(), []);
    assert_eq!(ledger.done_spans("live", TOPIC, hour(), 100).await.unwrap(), []);

    let batches = ledger.done_batches(GROUP, kgen, 0, 9..=30).await.unwrap();
    let batches: Vec<_> = batches.into_iter().map(|batch| batch.plan).collect();
    assert_eq!(batches, plans[..3]);
}

#[tokio::test]
async fn one_process_audits_at_a_time() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let turn = ledger.begin_audit().await.unwrap().unwrap();
    assert!(ledger.begin_audit().await.unwrap().is_none());
    turn.end().await.unwrap();
    let turn = ledger.begin_audit().await.unwrap();
    assert!(turn.is_some());
    drop(turn);
    testkit::eventually("a turn that was dropped is over", async || {
        ledger.begin_audit().await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_turn_lasts_as_long_as_its_process_works_and_not_longer() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let mut turn = ledger.begin_audit().await.unwrap().unwrap();
    let work = tokio::time::sleep(Duration::from_secs(7));
    turn.during(work).await.unwrap();
    assert!(ledger.begin_audit().await.unwrap().is_none(), "it still has the turn");
    let next = testkit::eventually("who does nothing loses the turn", async || {
        ledger.begin_audit().await.unwrap()
    })
    .await;
    assert!(turn.during(std::future::pending::<()>()).await.is_err(), "it was lost");
    next.end().await.unwrap();
}

#[tokio::test]
async fn a_look_is_due_again_when_its_time_has_come_or_it_was_not_ended() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let (hour, none) = (Duration::from_secs(3_600), Duration::ZERO);
    let mut turn = ledger.begin_audit().await.unwrap().unwrap();
    assert!(turn.is_due("near", hour).await.unwrap());
    drop(turn);
    let again = async || ledger.begin_audit().await.unwrap();
    let mut turn = testkit::eventually("the turn is over", again).await;
    assert!(turn.is_due("near", hour).await.unwrap(), "it was not ended");
    turn.end().await.unwrap();
    let mut turn = ledger.begin_audit().await.unwrap().unwrap();
    assert!(!turn.is_due("near", hour).await.unwrap());
    assert!(turn.is_due("near", none).await.unwrap() && turn.is_due("far", hour).await.unwrap());
}
