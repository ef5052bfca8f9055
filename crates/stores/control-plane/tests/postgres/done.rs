use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::{BatchPlan, Group, Ledger, PlannedDestination, Skip};
use log::{Generation, LogRange, Offset, Partition};
use tenancy::Destination;

use crate::fixture::Platform;

const GROUP: Group = Group::Store;
const TOPIC: &str = "events.v1";

fn destination(database: &str) -> Destination {
    Destination { cluster: "shared".parse().unwrap(), database: database.to_owned() }
}

fn plan(first: u64, last: u64, rows: &[(&str, u64)]) -> BatchPlan {
    let planned = |(database, rows): &(&str, u64)| PlannedDestination {
        destination: destination(database),
        rows: *rows,
        routes: BTreeMap::new(),
        tenant_rows: BTreeMap::new(),
    };
    BatchPlan {
        first: Offset::new(first),
        last: Offset::new(last),
        skip: Skip::default(),
        destinations: rows.iter().map(planned).collect(),
    }
}

/// Plans and marks the batches, one after the other.
async fn done(ledger: &Ledger, generation: Generation, partition: u16, plans: &[BatchPlan]) {
    let partition = Partition::new(partition);
    let mut lease = ledger.take(GROUP, generation, partition, "a").await.unwrap();
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
    let generation = ledger.generation(TOPIC, "topic-1", 2).await.unwrap();
    let plans = [
        plan(0, 9, &[("a", 10)]),
        plan(10, 24, &[("a", 4), ("b", 3)]),
        plan(25, 99, &[]),
        plan(100, 109, &[("b", 7)]),
    ];
    done(&ledger, generation, 0, &plans).await;
    done(&ledger, generation, 1, &[plan(0, 4, &[("b", 5)])]).await;
    let open = ledger.take(GROUP, generation, Partition::new(1), "b").await.unwrap();
    ledger.plan(&open, &plan(5, 9, &[("b", 5)])).await.unwrap();

    let range = |partition, first, last| LogRange::new(generation.get(), partition, first, last);
    let spans = ledger.done_spans(GROUP, TOPIC, hour(), 100).await.unwrap();
    let found: Vec<_> = spans
        .iter()
        .map(|span| {
            let rows: Vec<_> =
                span.rows.iter().map(|(to, rows)| (to.database.as_str(), *rows)).collect();
            (span.range, rows)
        })
        .collect();
    let expected = [
        (range(0, 0, 99), vec![("a", 14), ("b", 3)]),
        (range(0, 100, 109), vec![("b", 7)]),
        (range(1, 0, 4), vec![("b", 5)]),
    ];
    assert_eq!(found, expected, "planned batches that are not done are not included");
    assert!(spans.iter().all(|span| hour().contains(span.planned.start())));

    let fine = ledger.done_spans(GROUP, TOPIC, hour(), 10).await.unwrap();
    let ranges: Vec<_> = fine.iter().map(|span| span.range).collect();
    let each = [(0, 0, 9), (0, 10, 24), (0, 25, 99), (0, 100, 109), (1, 0, 4)];
    assert_eq!(ranges, each.map(|(partition, first, last)| range(partition, first, last)));

    let long_ago = hour().start - TimeDelta::days(1)..hour().start;
    assert_eq!(ledger.done_spans(GROUP, TOPIC, long_ago, 100).await.unwrap(), []);
    assert_eq!(ledger.done_spans(GROUP, "events.v0", hour(), 100).await.unwrap(), []);
    assert_eq!(ledger.done_spans(Group::Live, TOPIC, hour(), 100).await.unwrap(), []);

    let batches = ledger.done_batches(GROUP, range(0, 9, 30)).await.unwrap();
    let batches: Vec<_> = batches.into_iter().map(|batch| batch.plan).collect();
    assert_eq!(batches, plans[..3]);
}
