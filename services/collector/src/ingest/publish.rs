use auth::WriteEvents;
use events::{Admission, Rejection, RejectionCode, Rejections};
use telemetry::Counter;
use web::Tenant;

use super::{
    Ingest,
    receipt::{Outcome, Receipt},
    sort::sort,
};
use crate::log::Storage;

impl Ingest {
    /// Reads a tenant's events and stores them: the good ones as events, the others, as they were sent,
    /// among the rejects.
    pub(crate) async fn take(
        &self,
        tenant: &Tenant<WriteEvents>,
        events: &[&[u8]],
        admission: &Admission<'_>,
        traceparent: Option<&str>,
    ) -> Receipt {
        let mut sorted = sort(events, admission);
        let producer = self.log.producer();
        let mut records = producer.prepare(&tenant.scope(sorted.accepted.values), traceparent);
        let rejects = tenant.scope(sorted.rejected.values);
        records.extend(producer.prepare_rejects(&rejects, traceparent));
        let stored = self.log.store(&records, self.settings.publish_timeout()).await;
        let places = sorted.accepted.at.into_iter().chain(sorted.rejected.at);
        for (place, storage) in places.zip(stored) {
            if let Some(outcome) = sorted.outcomes.get_mut(place) {
                *outcome = settled(outcome, storage);
            }
        }
        for outcome in &sorted.outcomes {
            Counter::EventsReceived.inc(&[outcome.as_str()]);
        }
        Receipt::new(admission.received_at, sorted.outcomes)
    }
}

/// What an outcome becomes once it is known what became of the record.
fn settled(outcome: &Outcome, storage: Storage) -> Outcome {
    match storage {
        Storage::Durable => outcome.clone(),
        Storage::Unknown => Outcome::Retry {
            event_id: match outcome {
                Outcome::Accepted { event_id, .. } => Some(*event_id),
                _ => None,
            },
        },
        Storage::TooLarge => Rejections::from(Rejection {
            code: RejectionCode::TooLarge,
            pointer: String::new(),
            reason: "must be small enough for one record of the log".to_owned(),
        })
        .into(),
    }
}
