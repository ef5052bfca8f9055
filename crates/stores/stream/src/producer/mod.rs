mod client;
mod outgoing;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use events::Event;
use rdkafka::producer::Producer as _;
use tenancy::Scoped;
use tokio::{sync::mpsc, time::Instant};

use crate::{KafkaSettings, Offset, Partition, RejectedRecord, StreamError, partitioning::Subset};
use client::{Client, Ticket, connect, failed};
use outgoing::{Outgoing, headers};

/// What became of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishOutcome {
    /// Every in-sync replica has it.
    Published {
        /// Its partition.
        partition: Partition,
        /// Its place within the partition.
        offset: Offset,
    },
    /// It is not known to be in the log. It may still get there until
    /// [`Producer::DELIVERY_TIMEOUT`] is over, and a second copy with the same id does no harm.
    Failed {
        /// Whether sending it again may help.
        retriable: bool,
    },
}

/// How a batch is to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// How long the caller waits. What Kafka has not acknowledged by then counts as failed.
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
    /// Replaced as a whole when the idempotent producer meets an error it cannot get over.
    client: RwLock<Arc<Client>>,
}

impl Producer {
    /// How long a record is tried: afterwards it is not sent again.
    pub const DELIVERY_TIMEOUT: Duration = client::DELIVERY_TIMEOUT;

    /// A producer for the log that `settings` describe. Connects in the background.
    pub fn new(settings: &KafkaSettings) -> Result<Self, StreamError> {
        let client = RwLock::new(Arc::new(connect(settings)?));
        Ok(Self { shared: Arc::new(Shared { settings: settings.clone(), client }) })
    }

    /// Publishes a tenant's events: one outcome for each, in order.
    pub async fn publish(
        &self,
        events: Scoped<Vec<Event>>,
        delivery: Delivery<'_>,
    ) -> Vec<PublishOutcome> {
        let (tenant, topic) = (events.tenant(), self.shared.settings.events_topic.as_str());
        let key = tenant.client_id().as_str();
        let subset =
            Subset::new(key, tenant.limits().partition_spread, self.shared.settings.partitions);
        let records = events.value().iter().map(|event| {
            let payload = serde_json::to_vec(event)?.into();
            let partition = Some(subset.partition_of(event.event_id));
            let headers = headers(event.received_at, delivery.traceparent, []);
            Ok(Outgoing { topic, key, partition, payload, headers })
        });
        self.send(records, events.value().len(), delivery.within).await
    }

    /// Keeps a tenant's rejected events, byte for byte: one outcome for each, in order.
    pub async fn publish_rejects(
        &self,
        rejects: Scoped<Vec<RejectedRecord>>,
        delivery: Delivery<'_>,
    ) -> Vec<PublishOutcome> {
        let topic = self.shared.settings.rejects_topic.as_str();
        let key = rejects.tenant().client_id().as_str();
        let records = rejects.value().iter().map(|reject| {
            let why = [
                ("code", reject.code.as_str()),
                ("pointer", reject.pointer.as_str()),
                ("reason", reject.reason.as_str()),
            ];
            let headers = headers(reject.received_at, delivery.traceparent, why);
            Ok(Outgoing {
                topic,
                key,
                partition: None,
                payload: reject.original.as_ref().into(),
                headers,
            })
        });
        self.send(records, rejects.value().len(), delivery.within).await
    }

    /// Whether the brokers answer. Blocks no thread of the runtime.
    pub async fn check(&self, within: Duration) -> Result<(), StreamError> {
        let client = self.client()?;
        let topic = self.shared.settings.events_topic.clone();
        tokio::task::spawn_blocking(move || {
            client.client().fetch_metadata(Some(&topic), within).map(drop)
        })
        .await
        .map_err(StreamError::task)?
        .map_err(StreamError::kafka("reach the brokers"))
    }

    async fn send(
        &self,
        records: impl Iterator<Item = Result<Outgoing<'_>, serde_json::Error>>,
        count: usize,
        within: Duration,
    ) -> Vec<PublishOutcome> {
        let deadline = Instant::now() + within;
        let mut outcomes = vec![PublishOutcome::Failed { retriable: true }; count];
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "there is no producer");
                return outcomes;
            }
        };
        let (report, mut reports) = mpsc::unbounded_channel();
        for ((index, record), outcome) in records.enumerate().zip(&mut outcomes) {
            let report = report.clone();
            let sent = match record {
                Ok(record) => record.send(&client, Box::new(Ticket { index, report })),
                Err(error) => {
                    tracing::error!(%error, "an event has no form in JSON");
                    *outcome = PublishOutcome::Failed { retriable: false };
                    continue;
                }
            };
            if let Err(error) = sent {
                *outcome = failed(&error);
            }
        }
        // The channel ends when the last ticket has come back.
        drop(report);
        while let Ok(Some((index, outcome))) =
            tokio::time::timeout_at(deadline, reports.recv()).await
        {
            if let Some(slot) = outcomes.get_mut(index) {
                *slot = outcome;
            }
        }
        outcomes
    }

    /// The client in use; a new one when the last has failed for good.
    fn client(&self) -> Result<Arc<Client>, StreamError> {
        let current =
            Arc::clone(&self.shared.client.read().unwrap_or_else(PoisonError::into_inner));
        if current.client().fatal_error().is_none() {
            return Ok(current);
        }
        let mut slot = self.shared.client.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((code, reason)) = slot.client().fatal_error() {
            tracing::error!(%code, reason, "the producer failed for good, starting another");
            let old = std::mem::replace(&mut *slot, Arc::new(connect(&self.shared.settings)?));
            // Dropping a client waits for its thread.
            std::thread::spawn(move || drop(old));
        }
        Ok(Arc::clone(&slot))
    }
}
