use crate::shop::{Shop, visitors};

#[tokio::test]
async fn a_ledger_restored_to_an_older_state_doubles_no_row() {
    let mut shop = Shop::open().await;
    shop.start().await;
    for done in [10, 17, 24, 31] {
        shop.publish(visitors(if done == 10 { 10 } else { 7 })).await;
        shop.wait_for_rows(done, done.unsigned_abs()).await;
    }
    shop.stop().await;
    // The state of a backup that was taken after the first ten.
    for sql in ["DELETE FROM batch WHERE first >= 10", "UPDATE lease SET next_offset = 10"] {
        sqlx::query(sql).execute(&shop.stand.ledger).await.unwrap();
    }
    // The batches are larger than before, so that their tokens differ.
    shop.publish(visitors(25)).await;
    shop.start().await;
    shop.wait_for_rows(56, 56).await;
}

#[tokio::test]
async fn an_insert_that_still_runs_after_a_ledger_restore_is_waited_for() {
    let mut shop = Shop::open().await;
    shop.start().await;
    shop.publish(visitors(10)).await;
    shop.wait_for_rows(10, 10).await;
    shop.publish(visitors(5)).await;
    shop.wait_for_rows(15, 15).await;
    shop.stop().await;
    // The insert of the second batch has not finished, and the backup of the ledger is older than
    // its plan.
    shop.run("CREATE TABLE late ENGINE = Memory AS SELECT * FROM events WHERE koff >= 10").await;
    shop.run("ALTER TABLE events DELETE WHERE koff >= 10").await;
    for sql in ["DELETE FROM batch WHERE first >= 10", "UPDATE lease SET next_offset = 10"] {
        sqlx::query(sql).execute(&shop.stand.ledger).await.unwrap();
    }
    let late = shop.insert_late(10, 14);
    tokio::join!(late, shop.start());
    shop.wait_for_rows(15, 15).await;
}

#[tokio::test]
async fn two_unfinished_batches_of_an_earlier_owner_are_completed_in_order() {
    let mut shop = Shop::open().await;
    shop.start().await;
    shop.publish(visitors(10)).await;
    shop.wait_for_rows(10, 10).await;
    shop.publish(visitors(10)).await;
    shop.wait_for_rows(20, 20).await;
    shop.stop().await;
    // An owner was killed when the second batch was inserted and the first was not.
    for sql in
        ["UPDATE batch SET state = 'planned', done_at = NULL", "UPDATE lease SET next_offset = 0"]
    {
        sqlx::query(sql).execute(&shop.stand.ledger).await.unwrap();
    }
    shop.run("ALTER TABLE events DELETE WHERE koff < 10").await;
    shop.publish(visitors(5)).await;
    shop.start().await;
    shop.wait_for_rows(25, 25).await;
}

#[tokio::test]
async fn a_repeatedly_stopped_processor_loses_and_doubles_nothing() {
    let mut shop = Shop::open().await;
    for round in 1..=5 {
        shop.publish(visitors(200)).await;
        shop.start().await;
        if round % 2 == 0 {
            shop.wait_for_rows(round * 200, round.unsigned_abs() * 200).await;
        }
        shop.stop().await;
    }
    shop.start().await;
    shop.wait_for_rows(1_000, 1_000).await;
}
