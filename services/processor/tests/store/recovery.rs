use crate::fixture::{Shop, visitors};

#[tokio::test]
async fn a_ledger_put_back_to_an_older_state_doubles_nothing() {
    let mut shop = Shop::open().await;
    shop.start().await;
    for done in [10, 17, 24, 31] {
        shop.publish(visitors(if done == 10 { 10 } else { 7 })).await;
        shop.settled(done, done.unsigned_abs()).await;
    }
    shop.stop().await;
    // As a backup taken after the first ten would be.
    for sql in ["DELETE FROM batch WHERE first >= 10", "UPDATE lease SET next_offset = 10"] {
        sqlx::query(sql).execute(&shop.ledger).await.unwrap();
    }
    // Now ten at a time, not seven: the tokens of the first time keep nothing away.
    shop.publish(visitors(25)).await;
    shop.start().await;
    shop.settled(56, 56).await;
    shop.close().await;
}

#[tokio::test]
async fn an_insert_that_still_runs_when_the_ledger_is_put_back_is_waited_for() {
    let mut shop = Shop::open().await;
    shop.start().await;
    shop.publish(visitors(10)).await;
    shop.settled(10, 10).await;
    shop.publish(visitors(5)).await;
    shop.settled(15, 15).await;
    shop.stop().await;
    // As if the second batch had not landed yet, and the ledger's backup were from before its plan.
    shop.run("CREATE TABLE late ENGINE = Memory AS SELECT * FROM events WHERE koff >= 10").await;
    shop.run("ALTER TABLE events DELETE WHERE koff >= 10 SETTINGS mutations_sync = 1").await;
    for sql in ["DELETE FROM batch WHERE first >= 10", "UPDATE lease SET next_offset = 10"] {
        sqlx::query(sql).execute(&shop.ledger).await.unwrap();
    }
    let (running, started) = (shop.insert_late(10, 14), shop.start());
    tokio::join!(running, started);
    shop.settled(15, 15).await;
    shop.close().await;
}

#[tokio::test]
async fn two_batches_left_behind_are_finished_in_order() {
    let mut shop = Shop::open().await;
    shop.start().await;
    shop.publish(visitors(10)).await;
    shop.settled(10, 10).await;
    shop.publish(visitors(10)).await;
    shop.settled(20, 20).await;
    shop.stop().await;
    // As an owner leaves it that was killed when the second had landed and the first had not.
    for sql in
        ["UPDATE batch SET state = 'planned', done_at = NULL", "UPDATE lease SET next_offset = 0"]
    {
        sqlx::query(sql).execute(&shop.ledger).await.unwrap();
    }
    shop.run("ALTER TABLE events DELETE WHERE koff < 10 SETTINGS mutations_sync = 1").await;
    shop.publish(visitors(5)).await;
    shop.start().await;
    shop.settled(25, 25).await;
    shop.close().await;
}

#[tokio::test]
async fn a_processor_stopped_again_and_again_loses_and_doubles_nothing() {
    let mut shop = Shop::open().await;
    for round in 1..=5 {
        shop.publish(visitors(200)).await;
        shop.start().await;
        if round % 2 == 0 {
            shop.settled(round * 200, round.unsigned_abs() * 200).await;
        }
        shop.stop().await;
    }
    shop.start().await;
    shop.settled(1_000, 1_000).await;
    shop.close().await;
}
