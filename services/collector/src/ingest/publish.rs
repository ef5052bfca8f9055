use aggregates::Admission;
use auth::WriteEvents;
use events::{EventName, EventNames, ParseContext, Rejection, Rejections};
use telemetry::Counter;
use tenancy::{TenantContext, Unit};
use web::Tenant;

use super::{
    Ingest, names,
    receipt::{Outcome, Receipt},
    sort::{Places, Sorted, sort},
};
use crate::log::{NotStored, Storage, Stored};

/// The result of publishing a batch.
pub(crate) struct Published {
    /// The answer to the sender.
    pub(crate) receipt: Receipt,
    /// Whether every rejected event is stored as a reject, beside those with the outcome `retry`.
    pub(crate) rejects_stored: bool,
    /// Why some events are not known to be stored, for the log lines.
    pub(crate) failure: Option<NotStored>,
}

/// Where valid events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Into the log.
    Accept,
    /// Into the log of parked events.
    Park,
}

impl Ingest {
    /// Parses a tenant's events and stores them: valid ones as events, or parked ones, the others, as they
    /// were sent, as rejects.
    pub(super) async fn publish(
        &self,
        tenant: &Tenant<WriteEvents>,
        events: &[&[u8]],
        context: &ParseContext<'_>,
        lane: Lane,
    ) -> Published {
        let mut sorted = self.sort(tenant.context(), events, context).await;
        let mut rejects_stored = self.drop_rejects_over_quota(tenant.context(), &mut sorted).await;
        let producer = self.log.producer();
        let trace = telemetry::traceparent();
        let valid = tenant.scope(sorted.accepted.values);
        let mut records = match lane {
            Lane::Accept => producer.prepare(&valid, trace.as_deref()),
            Lane::Park => {
                sorted.outcomes = sorted.outcomes.into_iter().map(Outcome::parked).collect();
                producer.prepare_parked(&valid, trace.as_deref())
            }
        };
        let rejects = tenant.scope(sorted.rejected.values);
        records.extend(producer.prepare_rejects(&rejects, trace.as_deref()));
        let Stored { storage, failure } =
            self.log.store(&records, self.settings.publish_timeout()).await;
        let places = sorted.accepted.at.into_iter().chain(sorted.rejected.at);
        for (place, storage) in places.zip(storage) {
            if let Some(outcome) = sorted.outcomes.get_mut(place)
                && let Some(changed) = outcome_if_not_durable(outcome, storage)
            {
                rejects_stored &= storage != Storage::TooLarge;
                *outcome = changed;
            }
        }
        let receipt = Receipt::new(context.received_at, sorted.outcomes);
        for (outcome, count) in receipt.counts.by_outcome() {
            if count > 0 {
                Counter::EventsReceived.add(&[outcome], count);
            }
        }
        Published { receipt, rejects_stored, failure }
    }
}

impl Ingest {
    /// Sorts a batch. If it has names that its tenant may not use any more, it is sorted again without
    /// them.
    async fn sort(
        &self,
        tenant: &TenantContext,
        events: &[&[u8]],
        context: &ParseContext<'_>,
    ) -> Sorted {
        let known = self.names.of(tenant, context.received_at);
        let mut asked = EventNames::default();
        let mut replaced = Replaced::default();
        let sorted = {
            let of_today = names::read(&known);
            sort(events, context, |name| replaced.unless(of_today.admits(name, &mut asked), name))
        };
        if asked.is_empty() {
            replaced.count();
            return sorted;
        }
        let refused = self.names.ask(&self.aggregates, tenant, &known, asked).await;
        if refused.is_empty() {
            replaced.count();
            return sorted;
        }
        // What is unknown even now was asked for, and is not refused.
        let mut unknown = EventNames::default();
        let mut replaced_now = Replaced::default();
        let of_today = names::read(&known);
        let sorted_again = sort(events, context, |name| {
            let admitted = !refused.contains(name) && of_today.admits(name, &mut unknown);
            replaced_now.unless(admitted, name)
        });
        replaced_now.count();
        sorted_again
    }

    /// Leaves out the rejects that are more than the tenant may store. Their outcomes stay. Returns whether
    /// none was left out.
    async fn drop_rejects_over_quota(&self, tenant: &TenantContext, sorted: &mut Sorted) -> bool {
        let count = sorted.rejected.values.len() as u64;
        if count == 0 {
            return true;
        }
        match self.aggregates.admit(tenant, Unit::Rejects, count).await {
            Admission::Admitted => true,
            Admission::RetryAfter(_) => {
                Counter::RejectsDropped.add(&[], count);
                sorted.rejected = Places::default();
                false
            }
        }
    }
}

/// How many names of a batch are replaced.
#[derive(Default)]
struct Replaced {
    campaigns: u64,
    products: u64,
}

impl Replaced {
    /// Notes a name, unless it is admitted. Returns whether it is.
    const fn unless(&mut self, admitted: bool, name: EventName<'_>) -> bool {
        match name {
            _ if admitted => {}
            EventName::Campaign(_) => self.campaigns += 1,
            EventName::Product(_) => self.products += 1,
        }
        admitted
    }

    fn count(&self) {
        for (kind, names) in [("campaign", self.campaigns), ("product", self.products)] {
            if names > 0 {
                Counter::NamesReplaced.add(&[kind], names);
            }
        }
    }
}

/// Returns the new outcome of an event whose record is not durable.
fn outcome_if_not_durable(outcome: &Outcome, storage: Storage) -> Option<Outcome> {
    match storage {
        Storage::Durable => None,
        Storage::Unknown => Some(Outcome::Retry {
            event_id: match outcome {
                Outcome::Accepted { event_id, .. } | Outcome::Parked { event_id, .. } => {
                    Some(*event_id)
                }
                _ => None,
            },
        }),
        Storage::TooLarge => Some(Rejections::from(Rejection::too_large_for_the_log()).into()),
    }
}
