use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tokio::task::JoinSet;

use crate::fixture::Platform;

#[tokio::test]
async fn one_process_reconciles_at_a_time() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let lease = ledger.begin_reconciliation().await.unwrap().unwrap();
    assert!(ledger.begin_reconciliation().await.unwrap().is_none());
    lease.end().await.unwrap();
    let dropped = ledger.begin_reconciliation().await.unwrap();
    assert!(dropped.is_some());
    drop(dropped);
    testkit::eventually("the dropped lease ends", async || {
        ledger.begin_reconciliation().await.unwrap()
    })
    .await;
}

#[tokio::test]
async fn a_reconcile_lease_lasts_as_long_as_its_process_works() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let mut lease = ledger.begin_reconciliation().await.unwrap().unwrap();
    let work = tokio::time::sleep(Duration::from_secs(7));
    lease.during(work).await.unwrap();
    assert!(ledger.begin_reconciliation().await.unwrap().is_none(), "the lease is still held");
    let next = testkit::eventually("the lease of an inactive process ends", async || {
        ledger.begin_reconciliation().await.unwrap()
    })
    .await;
    assert!(lease.during(std::future::pending::<()>()).await.is_err(), "it was lost");
    next.end().await.unwrap();
}

#[tokio::test]
async fn work_of_a_frozen_process_goes_on_only_once_its_lease_is_confirmed() {
    let platform = Platform::new().await;
    let mut lease = platform.control_plane.ledger().begin_reconciliation().await.unwrap().unwrap();
    let goes_on = Arc::new(AtomicBool::new(false));
    let went_on = Arc::clone(&goes_on);
    let mut froze = false;
    let work = std::future::poll_fn(move |context| {
        if froze {
            goes_on.store(true, Ordering::Relaxed);
            return Poll::Ready(());
        }
        froze = true;
        // The runtime has one thread: the process does nothing meanwhile, and PostgreSQL ends the lease. The runtime
        // goes on with this task, before it looks at any timer.
        std::thread::sleep(Duration::from_secs(7));
        context.waker().wake_by_ref();
        Poll::Pending
    });
    let mut process = JoinSet::new();
    process.spawn(async move { lease.during(work).await });
    let ended = process.join_next().await.unwrap().unwrap();
    assert!(ended.is_err(), "it was lost");
    assert!(!went_on.load(Ordering::Relaxed), "another process may have done the work");
}

#[tokio::test]
async fn a_check_is_due_again_after_its_period_or_when_it_was_not_completed() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    let hour = Duration::from_secs(3_600);
    let none = Duration::ZERO;
    let mut dropped = ledger.begin_reconciliation().await.unwrap().unwrap();
    assert!(dropped.is_due("near", hour).await.unwrap());
    drop(dropped);
    let again = async || ledger.begin_reconciliation().await.unwrap();
    let mut ended = testkit::eventually("the lease ends", again).await;
    assert!(ended.is_due("near", hour).await.unwrap(), "it was not completed");
    ended.end().await.unwrap();
    let mut last = ledger.begin_reconciliation().await.unwrap().unwrap();
    assert!(!last.is_due("near", hour).await.unwrap());
    assert!(last.is_due("near", none).await.unwrap() && last.is_due("far", hour).await.unwrap());
}
