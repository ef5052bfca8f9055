use crate::fixture::Platform;

#[tokio::test]
async fn a_request_remains_until_it_is_cleared_however_often_it_was_made() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    assert_eq!(ledger.requested_rebuild().await.unwrap(), None);
    ledger.request_rebuild().await.unwrap();
    ledger.request_rebuild().await.unwrap();
    let request = ledger.requested_rebuild().await.unwrap().unwrap();
    ledger.clear_rebuild_request(request).await.unwrap();
    assert_eq!(ledger.requested_rebuild().await.unwrap(), None);
}

#[tokio::test]
async fn clearing_a_request_does_not_clear_a_later_one() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    ledger.request_rebuild().await.unwrap();
    let first = ledger.requested_rebuild().await.unwrap().unwrap();
    ledger.request_rebuild().await.unwrap();
    let second = ledger.requested_rebuild().await.unwrap();
    ledger.clear_rebuild_request(first).await.unwrap();
    assert_eq!(ledger.requested_rebuild().await.unwrap(), second);

    // Also after another process has cleared the same request.
    ledger.clear_rebuild_request(second.unwrap()).await.unwrap();
    ledger.request_rebuild().await.unwrap();
    ledger.clear_rebuild_request(second.unwrap()).await.unwrap();
    assert!(ledger.requested_rebuild().await.unwrap().is_some());
}
