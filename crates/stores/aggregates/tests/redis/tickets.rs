use std::time::Duration;

use aggregates::{Aggregates, Claimed, TicketClaim};
use chrono::{DateTime, TimeDelta, Utc};
use redis::AsyncCommands;

use crate::stand::Stand;

const TICKET: [u8; 32] = [7; 32];
const FIRST: TicketClaim<'_> = TicketClaim { stream: "first", address: "here", resumes: false };

async fn stand_with(ends: Option<DateTime<Utc>>) -> Stand {
    let stand = Stand::bare().await;
    stand.aggregates.put_ticket(&TICKET, "contents", ends).await.unwrap();
    stand
}

async fn claim(stand: &Stand, claim: TicketClaim<'_>) -> Claimed {
    stand.aggregates.claim_ticket(&TICKET, &claim).await.unwrap()
}

/// Moves the time of the ticket's first stream back by `seconds`.
async fn age(stand: &mut Stand, seconds: i64) {
    let key = format!("{}_live_ticket_{}{{b00}}", stand.settings.namespace, hex::encode(TICKET));
    let opened: i64 = stand.redis.hget(&key, "opened").await.unwrap();
    let _: () = stand.redis.hset(&key, "opened", opened - seconds * 1_000).await.unwrap();
}

#[tokio::test]
async fn a_ticket_has_one_stream_open_and_another_after_it_is_closed() {
    let stand = stand_with(None).await;
    assert_eq!(stand.aggregates.ticket(&TICKET).await.unwrap().as_deref(), Some("contents"));
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    let second = TicketClaim { stream: "second", ..FIRST };
    let Claimed::Held(until) = claim(&stand, second).await else { panic!("two streams") };
    let left = until - Utc::now();
    assert!(left > TimeDelta::seconds(4) && left <= TimeDelta::seconds(7), "{left}");

    assert!(
        !stand.aggregates.hold_ticket(&TICKET, "second").await.unwrap(),
        "the first stream is open"
    );
    stand.aggregates.release_ticket(&TICKET, "second").await.unwrap();
    assert!(matches!(claim(&stand, second).await, Claimed::Held(_)));
    stand.aggregates.release_ticket(&TICKET, "first").await.unwrap();
    assert_eq!(claim(&stand, second).await, Claimed::Open);
    assert!(!stand.aggregates.hold_ticket(&TICKET, "first").await.unwrap());
    assert!(stand.aggregates.hold_ticket(&TICKET, "second").await.unwrap());
}

#[tokio::test]
async fn a_stream_stays_open_while_it_is_reported_and_then_closes() {
    let stand = stand_with(None).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(stand.aggregates.hold_ticket(&TICKET, "first").await.unwrap());
    tokio::time::sleep(Aggregates::STREAM_TIMEOUT - Duration::from_secs(2)).await;
    let second = TicketClaim { stream: "second", ..FIRST };
    assert!(matches!(claim(&stand, second).await, Claimed::Held(_)), "reported 4 s ago");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(claim(&stand, second).await, Claimed::Open);
}

#[tokio::test]
async fn of_many_streams_that_claim_a_ticket_at_once_one_opens() {
    let stand = stand_with(None).await;
    let streams: Vec<_> = (0..20).map(|stream| stream.to_string()).collect();
    let claims = streams.iter().map(|stream| claim(&stand, TicketClaim { stream, ..FIRST }));
    let claimed = futures::future::join_all(claims).await;
    assert_eq!(claimed.iter().filter(|claimed| **claimed == Claimed::Open).count(), 1);
}

#[tokio::test]
async fn a_ticket_is_valid_only_at_the_address_of_its_first_stream() {
    let stand = stand_with(None).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    stand.aggregates.release_ticket(&TICKET, "first").await.unwrap();
    let elsewhere = TicketClaim { stream: "second", address: "there", resumes: true };
    assert_eq!(claim(&stand, elsewhere).await, Claimed::Refused);
    assert_eq!(claim(&stand, TicketClaim { address: "here", ..elsewhere }).await, Claimed::Open);
}

#[tokio::test]
async fn a_minute_after_its_first_stream_only_a_resuming_client_opens_another() {
    let mut stand = stand_with(None).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    stand.aggregates.release_ticket(&TICKET, "first").await.unwrap();
    age(&mut stand, 50).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    stand.aggregates.release_ticket(&TICKET, "first").await.unwrap();
    age(&mut stand, 10).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Refused);
    assert_eq!(claim(&stand, TicketClaim { resumes: true, ..FIRST }).await, Claimed::Open);
}

#[tokio::test]
async fn a_ticket_ends_with_its_credential() {
    let stand = stand_with(Some(Utc::now() + TimeDelta::seconds(5))).await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Open);
    stand.aggregates.release_ticket(&TICKET, "first").await.unwrap();
    // Otherwise it would be there for a minute.
    tokio::time::sleep(Duration::from_millis(5_200)).await;
    assert_eq!(claim(&stand, TicketClaim { resumes: true, ..FIRST }).await, Claimed::Refused);
    assert_eq!(stand.aggregates.ticket(&TICKET).await.unwrap(), None);
}

#[tokio::test]
async fn a_ticket_that_does_not_exist_opens_nothing() {
    let stand = Stand::bare().await;
    assert_eq!(claim(&stand, FIRST).await, Claimed::Refused);
    assert_eq!(stand.aggregates.ticket(&TICKET).await.unwrap(), None);
    assert!(!stand.aggregates.hold_ticket(&TICKET, "first").await.unwrap());
}
