use std::time::Duration;

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
