use auth::WriteEvents;
use events::{Admission, Rejection, Rejections};
use telemetry::Counter;
use web::Tenant;

use super::{
    Ingest,
    receipt::{Outcome, Receipt},
    sort::sort,
};
use crate::log::{Storage, Stored, Untaken};

/// What became of a batch.
pub(crate) struct Taken {
    /// What its sender is told.
    pub(crate) receipt: Receipt,
    /// Why some of it is not known to be stored: for the log.
    pub(crate) trouble: Option<Untaken>,
}

impl Ingest {
    /// Reads a tenant's events and stores them: the good ones as events, the others, as they were sent,
    /// among the rejects.
    pub(crate) async fn take(
        &self,
        tenant: &Tenant<WriteEvents>,
        events: &[&[u8]],
        admission: &Admission<'_>,
        traceparent: Option<&str>,
    ) -> Taken {
        let mut sorted = sort(events, admission);
        let producer = self.log.producer();
        let mut records = producer.prepare(&tenant.scope(sorted.accepted.values), traceparent);
        let rejects = tenant.scope(sorted.rejected.values);
        records.extend(producer.prepare_rejects(&rejects, traceparent));
        let Stored { storage, trouble } =
            self.log.store(&records, self.settings.publish_timeout()).await;
        let places = sorted.accepted.at.into_iter().chain(sorted.rejected.at);
        for (place, storage) in places.zip(storage) {
            if let Some(outcome) = sorted.outcomes.get_mut(place)
                && let Some(other) = unless_durable(outcome, storage)
            {
                *outcome = other;
            }
        }
        for outcome in &sorted.outcomes {
            Counter::EventsReceived.inc(&[outcome.as_str()]);
        }
        Taken { receipt: Receipt::new(admission.received_at, sorted.outcomes), trouble }
    }
}

/// What an outcome becomes whose record is not stored for good.
fn unless_durable(outcome: &Outcome, storage: Storage) -> Option<Outcome> {
    match storage {
        Storage::Durable => None,
        Storage::Unknown => Some(Outcome::Retry {
            event_id: match outcome {
                Outcome::Accepted { event_id, .. } => Some(*event_id),
                _ => None,
            },
        }),
        Storage::TooLarge => Some(Rejections::from(Rejection::too_large_for_the_log()).into()),
    }
}
