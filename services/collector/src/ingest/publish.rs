use auth::WriteEvents;
use events::{ParseContext, Rejection, Rejections};
use telemetry::Counter;
use web::Tenant;

use super::{
    Ingest,
    receipt::{Outcome, Receipt},
    sort::sort,
};
use crate::log::{NotStored, Storage, Stored};

/// The result of publishing a batch.
pub(crate) struct Published {
    /// The answer to the sender.
    pub(crate) receipt: Receipt,
    /// Why some events are not known to be stored, for the log lines.
    pub(crate) failure: Option<NotStored>,
}

impl Ingest {
    /// Parses a tenant's events and stores them: valid ones as events, the others, as they were
    /// sent, as rejects.
    pub(super) async fn publish(
        &self,
        tenant: &Tenant<WriteEvents>,
        events: &[&[u8]],
        context: &ParseContext<'_>,
        traceparent: Option<&str>,
    ) -> Published {
        let mut sorted = sort(events, context);
        let producer = self.log.producer();
        let mut records = producer.prepare(&tenant.scope(sorted.accepted.values), traceparent);
        let rejects = tenant.scope(sorted.rejected.values);
        records.extend(producer.prepare_rejects(&rejects, traceparent));
        let Stored { storage, failure } =
            self.log.store(&records, self.settings.publish_timeout()).await;
        let places = sorted.accepted.at.into_iter().chain(sorted.rejected.at);
        for (place, storage) in places.zip(storage) {
            if let Some(outcome) = sorted.outcomes.get_mut(place)
                && let Some(changed) = outcome_if_not_durable(outcome, storage)
            {
                *outcome = changed;
            }
        }
        let receipt = Receipt::new(context.received_at, sorted.outcomes);
        for (outcome, count) in receipt.counts.by_outcome() {
            if count > 0 {
                Counter::EventsReceived.add(&[outcome], count);
            }
        }
        Published { receipt, failure }
    }
}

/// Returns the new outcome of an event whose record is not durable.
fn outcome_if_not_durable(outcome: &Outcome, storage: Storage) -> Option<Outcome> {
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
