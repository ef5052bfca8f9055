use auth::WriteEvents;
use events::{Admission, RejectionCode};
use stream::{Delivery, PublishOutcome};
use telemetry::Counter;
use web::Tenant;

use super::{
    Ingest,
    receipt::{Outcome, Receipt},
    sort::sort,
};

impl Ingest {
    /// Reads a tenant's events and stores them: the good ones in the log, the others, as they were
    /// sent, among the rejects.
    pub(crate) async fn take(
        &self,
        tenant: &Tenant<WriteEvents>,
        events: &[&[u8]],
        admission: &Admission,
        traceparent: Option<&str>,
    ) -> Receipt {
        let mut sorted = sort(events, admission);
        let delivery = Delivery { within: self.settings.publish_timeout(), traceparent };
        let (accepted, rejected) = tokio::join!(
            self.producer.publish(tenant.scope(sorted.accepted.values), delivery),
            self.producer.publish_rejects(tenant.scope(sorted.rejected.values), delivery),
        );
        let places = sorted.accepted.at.into_iter().chain(sorted.rejected.at);
        for (place, published) in places.zip(accepted.into_iter().chain(rejected)) {
            if let Some(outcome) = sorted.outcomes.get_mut(place) {
                *outcome = settled(outcome, published);
            }
        }
        for outcome in &sorted.outcomes {
            Counter::EventsReceived.inc(&[outcome.as_str()]);
        }
        Receipt::new(admission.received_at, sorted.outcomes)
    }
}

/// What an outcome becomes once it is known what Kafka did.
fn settled(outcome: &Outcome, published: PublishOutcome) -> Outcome {
    match published {
        PublishOutcome::Published { .. } => outcome.clone(),
        PublishOutcome::Failed { retriable: true } => Outcome::Retry {
            event_id: match outcome {
                Outcome::Accepted { event_id } => Some(*event_id),
                _ => None,
            },
        },
        PublishOutcome::Failed { retriable: false } => Outcome::Rejected {
            code: RejectionCode::TooLarge.as_str(),
            pointer: String::new(),
            reason: "must be small enough for one record of the log".to_owned(),
        },
    }
}
