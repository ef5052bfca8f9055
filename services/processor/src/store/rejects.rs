use std::time::Duration;

use chrono::{DateTime, Utc};
use log::LogPlace;
use stream::{Delivery, Entry, Producer, PublishOutcome, RejectedRecord};
use tenancy::Scoped;

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

/// A reject for a record that cannot be read, if its tenant is known. `place` is any place of its
/// partition.
pub(super) fn unreadable(
    place: LogPlace,
    record: &Decoded<'_>,
    unreadable: &Unreadable,
) -> Option<Scoped<RejectedRecord>> {
    let Entry::Record(record) = record.entry else { return None };
    Some(record.as_ref().map(|record| RejectedRecord {
        original: record.payload.clone().unwrap_or_default(),
        ..reject(place.at(record.offset), &unreadable.reason, record.log_time)
    }))
}

/// Rejects for the records of a load that the warehouse refused, as the log holds them. `place` is
/// any place of their partition.
pub(super) fn refused(
    place: LogPlace,
    load: &Load,
    refused: &Refused,
) -> Vec<Scoped<RejectedRecord>> {
    let reject = |record: Decoded<'_>| {
        let code = refused.get(&record.offset())?;
        let payload = record.entry.record().payload.clone();
        let event = record.event.ok()?;
        Some(event.map(|event| RejectedRecord {
            original: payload.unwrap_or_default(),
            ..reject(place.at(record.entry.offset()), &reason(*code), event.received_at)
        }))
    };
    load.rows.records().filter_map(reject).collect()
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
