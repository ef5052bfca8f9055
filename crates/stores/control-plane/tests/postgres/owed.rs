use crate::fixture::Platform;

#[tokio::test]
async fn a_debt_is_there_until_it_is_paid_however_often_it_was_made() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    assert_eq!(ledger.owed_rebuild().await.unwrap(), None);
    ledger.owe_rebuild().await.unwrap();
    ledger.owe_rebuild().await.unwrap();
    let debt = ledger.owed_rebuild().await.unwrap().unwrap();
    ledger.paid_rebuild(debt).await.unwrap();
    assert_eq!(ledger.owed_rebuild().await.unwrap(), None);
}

#[tokio::test]
async fn who_pays_a_debt_leaves_one_that_was_made_meanwhile() {
    let platform = Platform::new().await;
    let ledger = platform.control_plane.ledger();
    ledger.owe_rebuild().await.unwrap();
    let first = ledger.owed_rebuild().await.unwrap().unwrap();
    ledger.owe_rebuild().await.unwrap();
    let second = ledger.owed_rebuild().await.unwrap();
    ledger.paid_rebuild(first).await.unwrap();
    assert_eq!(ledger.owed_rebuild().await.unwrap(), second);

    // Also where another has paid that one before.
    ledger.paid_rebuild(second.unwrap()).await.unwrap();
    ledger.owe_rebuild().await.unwrap();
    ledger.paid_rebuild(second.unwrap()).await.unwrap();
    assert!(ledger.owed_rebuild().await.unwrap().is_some());
}
