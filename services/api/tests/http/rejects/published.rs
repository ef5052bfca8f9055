//! Rejects whose event may be in the log already.

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Group;
use events::{CanonicalEvent, Event};
use log::{LogRange, Offset, Partition};
use serde_json::json;
use uuid::Uuid;
use warehouse::{Coordinates, InsertBatch};

use super::Rejects;
use crate::stand::Stand;

impl Rejects {
    /// Notes in the ledger that the store group has stored everything logged before `as_of`.
    async fn note_stored(&self, as_of: DateTime<Utc>) {
        let ledger = self.stand.control_plane.ledger();
        let topic = &self.stand.kafka.events_topic;
        let generation = ledger.generation(topic, "x", 2).await.unwrap();
        for partition in Partition::all(2) {
            let lease = ledger.take(Group::Store, generation, partition, "test").await.unwrap();
            ledger.advance(&lease, Offset::new(1), as_of).await.unwrap();
        }
    }
}

#[actix_web::test]
async fn an_event_that_was_published_and_not_marked_is_published_with_the_same_id() {
    let rejects = Rejects::new().await;
    let id = rejects.store("acme", &[b"{}"]).await[0];
    let event_id = id.derived_event_id();
    // A crash between publish and mark leaves this state.
    let hour_ago = Utc::now() - TimeDelta::hours(1);
    rejects.control().await.reserve_resubmissions("user:1", &[event_id], hour_ago).await.unwrap();
    assert_eq!(rejects.correct(id).await, json!({"outcome": "resubmitted", "event_id": event_id}));
    assert_eq!(rejects.log().await[0].event_id, event_id);
    assert_eq!(rejects.correct(id).await["outcome"], "already_resubmitted");
}

#[actix_web::test]
async fn an_event_that_may_have_been_published_long_ago_is_looked_up_first() {
    let rejects = Rejects::new().await;
    let stored = rejects.store("acme", &[b"{}", b"{}"]).await;
    let events: Vec<_> = stored.iter().map(|id| id.derived_event_id()).collect();
    let reserved_at = Utc::now() - TimeDelta::hours(30);
    let control = rejects.control().await;
    control.reserve_resubmissions("user:1", &events, reserved_at).await.unwrap();
    // The progress of the store group is unknown.
    assert_eq!(rejects.correct(stored[0]).await, json!({"outcome": "retry"}));
    rejects.note_stored(reserved_at + TimeDelta::hours(1)).await;
    assert_eq!(rejects.correct(stored[0]).await, json!({"outcome": "retry"}));
    assert!(rejects.log().await.is_empty());

    rejects.note_stored(Utc::now()).await;
    // One is stored, an hour after it was reserved; the other is not.
    insert(&rejects.stand, events[1], reserved_at + TimeDelta::hours(1)).await;
    assert_eq!(rejects.correct(stored[0]).await["outcome"], "resubmitted");
    assert_eq!(rejects.correct(stored[1]).await["outcome"], "already_resubmitted");
    let log = rejects.log().await;
    assert_eq!(log.iter().map(|event| event.event_id).collect::<Vec<_>>(), events[..1]);
}

/// Inserts an event of `acme` into the warehouse.
async fn insert(stand: &Stand, event_id: Uuid, logged_at: DateTime<Utc>) {
    let context = stand.context("acme").await;
    let event = json!({"event_id": event_id, "type": "page_view", "event_time": logged_at,
        "received_at": logged_at});
    let event: Event = serde_json::from_value(event).unwrap();
    let range = LogRange::new(1, 0, 0, 0);
    let batch = InsertBatch::of(range, &stand.kafka.events_topic, context.destination(), 1);
    let mut block = stand.warehouse.block(range.generation, range.partition);
    #[expect(clippy::disallowed_methods, reason = "stands in for the consumer of the log")]
    let event = context.scope(CanonicalEvent::from(event));
    block.push(&event.as_ref(), Coordinates { offset: Offset::ZERO, logged_at }, 0);
    stand.warehouse.insert(&batch, &block.finish()).await.unwrap();
}
