mod client;
mod event_record;
mod headers;
mod prepared;
mod reports;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, Utc};
use events::Event;
use log::{Offset, Partition};
use telemetry::{StoreCall, StoreFailure};
use tenancy::Scoped;
use tokio::time::Instant;

use crate::{KafkaSettings, RejectedRecord, StreamError, partitioning::Subset};
use client::{Client, connect, failed};
pub use event_record::EventRecord;
use headers::{headers, time};
pub use prepared::Prepared;
use prepared::{Preface, Topic};
use reports::Reports;

/// The outcome of publishing one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Every in-sync replica has it.
    Published {
        /// Its partition.
        partition: Partition,
        /// Its offset.
        offset: Offset,
    },
    /// The record is not known to be in the log. It may still arrive there within
    /// [`Producer::DELIVERY_TIMEOUT`]; a second copy with the same id does no harm.
    Failed {
        /// Whether sending it again may help.
        retriable: bool,
    },
}

/// Options for the delivery of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// How long the caller waits. A record not acknowledged by then counts as failed.
    pub within: Duration,
    /// The W3C trace context to send along.
    pub traceparent: Option<&'a str>,
}

/// Writes to the log. Cloning shares the connections.
#[derive(Clone)]
pub struct Producer {
    shared: Arc<Shared>,
}

struct Shared {
    settings: KafkaSettings,
    /// Replaced when the idempotent producer has a fatal error.
    client: RwLock<Arc<Client>>,
}

impl Producer {
    /// How long sending a record is tried: afterwards it is not sent again.
    pub const DELIVERY_TIMEOUT: Duration = client::DELIVERY_TIMEOUT;

    /// Creates a producer for the log that `settings` describe. Connects in the background.
    pub fn new(settings: &KafkaSettings) -> Result<Self, StreamError> {
        let client = RwLock::new(Arc::new(connect(settings)?));
        Ok(Self { shared: Arc::new(Shared { settings: settings.clone(), client }) })
    }

    /// Prepares a tenant's events to be sent, now or later: one record for each, in order; nothing
    /// for an event that is too large for a record.
    pub fn prepare(
        &self,
        events: &Scoped<Vec<EventRecord>>,
        traceparent: Option<&str>,
    ) -> Vec<Option<Prepared>> {
        let tenant = events.tenant();
        let key = tenant.client_id().as_str();
        let partitions = self.shared.settings.partitions;
        let subset = Subset::new(key, tenant.limits().partition_spread, partitions);
        let mut prefaces = Prefaces::new(key, traceparent);
        let prepared = events.value().iter().map(|event| {
            let partition = Some(subset.partition_of(event.event_id));
            let preface = prefaces.of(event.received_at);
            Prepared::new(Topic::Events, partition, &preface, event.json.clone())
        });
        prepared.collect()
    }

    /// Prepares a tenant's events to be parked, as [`prepare`](Self::prepare) does: with the same key, headers and
    /// bytes, so that they can be released unchanged.
    pub fn prepare_parked(
        &self,
        events: &Scoped<Vec<EventRecord>>,
        traceparent: Option<&str>,
    ) -> Vec<Option<Prepared>> {
        let mut prefaces = Prefaces::new(events.tenant().client_id().as_str(), traceparent);
        let prepared = events.value().iter().map(|event| {
            let preface = prefaces.of(event.received_at);
            Prepared::new(Topic::Parked, None, &preface, event.json.clone())
        });
        prepared.collect()
    }

    /// Prepares a tenant's rejected events to be sent, byte for byte: one record for each, in
    /// order; nothing for an event that is too large for a record.
    pub fn prepare_rejects(
        &self,
        rejects: &Scoped<Vec<RejectedRecord>>,
        traceparent: Option<&str>,
    ) -> Vec<Option<Prepared>> {
        let key = rejects.tenant().client_id().as_str();
        let prepared = rejects.value().iter().map(|reject| {
            let received_at = time(reject.received_at);
            let own = reject.headers();
            let own = own.iter().map(|(name, value)| (*name, value.as_str()));
            let preface = Preface::new(key, headers(&received_at, traceparent).chain(own));
            Prepared::new(Topic::Rejects, None, &Arc::new(preface), reject.original.clone())
        });
        prepared.collect()
    }

    /// Publishes a tenant's events: one outcome for each, in order.
    pub async fn publish(
        &self,
        events: Scoped<Vec<Event>>,
        delivery: Delivery<'_>,
    ) -> Vec<PublishOutcome> {
        let events = events.map(|events| events.iter().map(EventRecord::of).collect());
        let prepared = self.prepare(&events, delivery.traceparent);
        self.send_each(prepared.iter().map(Option::as_ref), delivery.within).await
    }

    /// Publishes a tenant's rejected events, byte for byte: one outcome for each, in order.
    pub async fn publish_rejects(
        &self,
        rejects: Scoped<Vec<RejectedRecord>>,
        delivery: Delivery<'_>,
    ) -> Vec<PublishOutcome> {
        let prepared = self.prepare_rejects(&rejects, delivery.traceparent);
        self.send_each(prepared.iter().map(Option::as_ref), delivery.within).await
    }

    /// Sends prepared records: one outcome for each, in order. A record that Kafka has not
    /// acknowledged within this time counts as failed.
    pub async fn send<'a>(
        &self,
        records: impl IntoIterator<Item = &'a Prepared>,
        within: Duration,
    ) -> Vec<PublishOutcome> {
        self.send_each(records.into_iter().map(Some), within).await
    }

    /// Returns how many records are handed to the driver and not acknowledged yet.
    pub fn unacknowledged(&self) -> usize {
        self.shared.client.read().unwrap_or_else(PoisonError::into_inner).unacknowledged()
    }

    /// Checks that the brokers answer. Blocks no thread of the runtime.
    pub async fn check(&self, within: Duration) -> Result<(), StreamError> {
        let client = self.client()?;
        let topic = self.shared.settings.events_topic.clone();
        tokio::task::spawn_blocking(move || client.check(&topic, within))
            .await
            .map_err(StreamError::task)?
            .map_err(StreamError::kafka("reach the brokers"))
    }

    async fn send_each<'a>(
        &self,
        records: impl Iterator<Item = Option<&'a Prepared>>,
        within: Duration,
    ) -> Vec<PublishOutcome> {
        let began = Instant::now();
        let deadline = began + within;
        let client = self.client();
        if let Err(error) = &client {
            tracing::error!(%error, "no producer is available");
        }
        let records: Vec<_> = records.collect();
        let unsent = |record: &Option<_>| PublishOutcome::Failed { retriable: record.is_some() };
        let reports = Reports::new(records.iter().map(unsent).collect());
        if let Ok(client) = client {
            for (index, record) in records.into_iter().enumerate() {
                let Some(record) = record else { continue };
                let ticket = reports.ticket(index);
                if let Err(error) = record.send(&client, &self.shared.settings, ticket) {
                    reports.set(index, failed(&error));
                }
            }
        }
        let outcomes = reports.outcomes(deadline).await;
        StoreCall::KafkaPublish.ended(began.elapsed(), failure(&outcomes));
        outcomes
    }

    /// Returns the client in use; creates another after a fatal error.
    fn client(&self) -> Result<Arc<Client>, StreamError> {
        let current =
            Arc::clone(&self.shared.client.read().unwrap_or_else(PoisonError::into_inner));
        if current.fatal_error().is_none() {
            return Ok(current);
        }
        let mut slot = self.shared.client.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((code, reason)) = slot.fatal_error() {
            tracing::error!(%code, reason, "the producer had a fatal error, creating another");
            *slot = Arc::new(connect(&self.shared.settings)?);
        }
        Ok(Arc::clone(&slot))
    }
}

/// Returns why records were not published, for the metrics. One that is too large is no failure of Kafka.
fn failure(outcomes: &[PublishOutcome]) -> Option<StoreFailure> {
    let unsent = PublishOutcome::Failed { retriable: true };
    outcomes.contains(&unsent).then_some(StoreFailure::Unavailable)
}

/// Makes the key and the headers of events; those of one time of receipt are the same.
struct Prefaces<'a> {
    key: &'a str,
    traceparent: Option<&'a str>,
    last: Option<(DateTime<Utc>, Arc<Preface>)>,
}

impl<'a> Prefaces<'a> {
    const fn new(key: &'a str, traceparent: Option<&'a str>) -> Self {
        Self { key, traceparent, last: None }
    }

    fn of(&mut self, received_at: DateTime<Utc>) -> Arc<Preface> {
        match &self.last {
            Some((known, preface)) if *known == received_at => Arc::clone(preface),
            _ => {
                let text = time(received_at);
                let preface = Preface::new(self.key, headers(&text, self.traceparent));
                let preface = Arc::new(preface);
                self.last = Some((received_at, Arc::clone(&preface)));
                preface
            }
        }
    }
}
