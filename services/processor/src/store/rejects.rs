use std::time::Duration;

use chrono::{DateTime, Utc};
use log::LogPlace;
use stream::{Delivery, Producer, PublishOutcome, RejectedRecord};
use tenancy::Scoped;
use warehouse::{EventRow, RowPlace};

use super::{bisect::Refused, draft::Load};
use crate::{
    record::{Decoded, Unreadable},
    retry::Pauses,
};

/// The code of records that were refused after they were in the log.
const CODE: &str = "poison";

/// How long one attempt at Kafka may take.
const DELIVERY: Delivery<'static> = Delivery { within: Duration::from_secs(10), traceparent: None };

/// Kafka did not accept all rejects.
#[derive(Debug, thiserror::Error)]
#[error("kafka did not accept every reject")]
struct NotTaken;

/// Rejects for the records that cannot be read, if their tenant is known. `place` is any place of
/// their partition.
pub(super) fn unreadable(place: LogPlace, records: &[Decoded]) -> Vec<Scoped<RejectedRecord>> {
    let reject = |decoded: &Decoded| {
        let Err(Unreadable { reason, record: Some(record) }) = &decoded.event else {
            return None;
        };
        let record = Scoped::as_ref(record).map(|record| RejectedRecord {
            original: record.payload.clone().unwrap_or_default(),
            ..reject(place.at(record.offset), reason, record.log_time)
        });
        Some(record)
    };
    records.iter().filter_map(reject).collect()
}

/// Rejects for the records of a load that the warehouse refused, as the log holds them. `place` is
/// any place of their partition.
pub(super) fn refused(
    place: LogPlace,
    load: &Load,
    refused: &Refused,
) -> Vec<Scoped<RejectedRecord>> {
    let reject = |row: &EventRow| {
        let RowPlace { offset, line } = row.place();
        let code = refused.get(&offset).filter(|_| line == 0)?;
        let event = row.event();
        Some(RejectedRecord {
            // It was read from JSON, so it can be written as JSON.
            original: serde_json::to_vec(event).unwrap_or_default().into(),
            ..reject(place.at(offset), &reason(*code), event.received_at)
        })
    };
    let of_tenant = |group: &Scoped<Vec<EventRow>>| {
        let rejects: Vec<_> = group.value().iter().filter_map(reject).collect();
        rejects.into_iter().map(|it| group.as_ref().map(|_| it)).collect::<Vec<_>>()
    };
    load.rows.iter().flat_map(of_tenant).collect()
}

fn reject(source: LogPlace, reason: &str, received_at: DateTime<Utc>) -> RejectedRecord {
    RejectedRecord {
        code: CODE.to_owned(),
        pointer: String::new(),
        reason: reason.to_owned(),
        original: Vec::new().into(),
        received_at,
        sent_at: None,
        // Its times were checked when it was accepted.
        history: true,
        source: Some(source),
    }
}

/// Why a record that the warehouse refused is skipped.
pub(super) fn reason(code: u32) -> String {
    format!("refused by the warehouse: code {code}")
}

/// Publishes the rejects and returns when all are in the log of rejects. Repeated after a crash, it
/// publishes them again with the same source.
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

/// Whether Kafka may still accept it. A reject that it never accepts stays in the log of events
/// only.
fn is_open(outcome: PublishOutcome) -> bool {
    matches!(outcome, PublishOutcome::Failed { retriable: true })
}
