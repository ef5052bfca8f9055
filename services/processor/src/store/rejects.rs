use std::time::Duration;

use chrono::{DateTime, Utc};
use stream::{Delivery, Producer, PublishOutcome, RejectSource, RejectedRecord};
use tenancy::Scoped;
use warehouse::EventRow;

use super::{bisect::Refused, draft::Load};
use crate::{
    record::{Decoded, Unreadable},
    retry::Pauses,
};

/// The code of what was found unfit in the log only.
const CODE: &str = "poison";

/// How long Kafka may take for one attempt.
const DELIVERY: Delivery<'static> = Delivery { within: Duration::from_secs(10), traceparent: None };

/// Kafka did not take all of them.
#[derive(Debug, thiserror::Error)]
#[error("kafka did not take every reject")]
struct NotTaken;

/// Where a partition's records stand in the log of events.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) kgen: u16,
    pub(super) partition: u16,
}

impl Place {
    /// The records that could not be read, of those whose tenant is known.
    pub(super) fn unreadable(self, records: &[Decoded]) -> Vec<Scoped<RejectedRecord>> {
        let reject = |decoded: &Decoded| {
            let Err(Unreadable { reason, record: Some(record) }) = &decoded.event else {
                return None;
            };
            let record = Scoped::as_ref(record).map(|record| RejectedRecord {
                original: record.payload.clone().unwrap_or_default(),
                ..self.reject(record.offset, reason, record.log_time)
            });
            Some(record)
        };
        records.iter().filter_map(reject).collect()
    }

    /// The records of a load that the warehouse refused, as the log holds them.
    pub(super) fn refused(self, load: &Load, refused: &Refused) -> Vec<Scoped<RejectedRecord>> {
        let reject = |row: &EventRow| {
            let (event, offset) = (row.event(), row.coordinates().offset);
            let reason = reason(*refused.get(&offset).filter(|_| row.line() == 0)?);
            Some(RejectedRecord {
                // Read from JSON, so it can be written as such.
                original: serde_json::to_vec(event).unwrap_or_default().into(),
                ..self.reject(offset, &reason, event.received_at)
            })
        };
        let of_group = |group: &Scoped<Vec<EventRow>>| {
            let rejects: Vec<_> = group.value().iter().filter_map(reject).collect();
            rejects.into_iter().map(|it| group.as_ref().map(|_| it)).collect::<Vec<_>>()
        };
        load.rows.iter().flat_map(of_group).collect()
    }

    fn reject(self, offset: u64, reason: &str, received_at: DateTime<Utc>) -> RejectedRecord {
        let Self { kgen, partition } = self;
        RejectedRecord {
            code: CODE.to_owned(),
            pointer: String::new(),
            reason: reason.to_owned(),
            original: Vec::new().into(),
            received_at,
            sent_at: None,
            // Its times were judged when it was accepted.
            history: true,
            source: Some(RejectSource { kgen, partition, offset }),
        }
    }
}

/// Why a record is set aside that the warehouse refused.
pub(super) fn reason(code: u32) -> String {
    format!("refused by the warehouse: code {code}")
}

/// Gives the tenants their rejects; returns when all are in the log of rejects. Whoever repeats
/// this after a crash publishes them again, under the same source.
pub(super) async fn publish(producer: &Producer, rejects: Vec<Scoped<RejectedRecord>>) {
    let mut pauses = Pauses::new("publish poison records as rejects");
    for group in Scoped::group(rejects) {
        let mut left = group;
        loop {
            let outcomes = producer.publish_rejects(left.clone(), DELIVERY).await;
            left = left.map(|rejects| {
                let each = rejects.into_iter().zip(outcomes);
                each.filter(|(_, outcome)| is_open(*outcome)).map(|(reject, _)| reject).collect()
            });
            if left.value().is_empty() {
                break;
            }
            pauses.wait(&NotTaken).await;
        }
    }
}

/// Whether Kafka may still take it. What it never takes stays in the log of events, set aside.
fn is_open(outcome: PublishOutcome) -> bool {
    matches!(outcome, PublishOutcome::Failed { retriable: true })
}
