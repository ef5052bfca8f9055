//! Where events become durable: in Kafka, or in the spool while Kafka does not take them.

mod breaker;
mod drain;
mod watch;

use std::{sync::Arc, time::Duration};

use lifecycle::{BoxError, Lifecycle};
use spool::{Spool, SpoolError};
use stream::{Prepared, Producer, PublishOutcome};
use telemetry::Counter;

use breaker::Breaker;

/// How long the brokers may take to say that they are there.
const BROKERS_PATIENCE: Duration = Duration::from_millis(1_500);

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Kafka has acknowledged it, or the spool has it on disk.
    Durable,
    /// Nobody can tell, or nobody took it.
    Unknown,
    /// No record of the log can hold it.
    TooLarge,
}

/// What became of records, and why some were stored nowhere.
pub(crate) struct Stored {
    /// One for each, in order.
    pub(crate) storage: Vec<Storage>,
    /// What kept the unknown ones out.
    pub(crate) trouble: Option<Untaken>,
}

/// Why neither Kafka nor the spool took a record.
#[derive(Debug, thiserror::Error)]
#[error("{kafka}, and the spool took nothing")]
pub(crate) struct Untaken {
    kafka: &'static str,
    #[source]
    spool: SpoolError,
}

/// Kafka, with the spool behind it. Cloning shares both.
#[derive(Clone)]
pub(crate) struct Log {
    producer: Producer,
    spool: Spool,
    breaker: Arc<Breaker>,
}

impl Log {
    pub(crate) fn new(producer: Producer, spool: Spool) -> Self {
        Self { producer, spool, breaker: Arc::default() }
    }

    /// Drains the spool and reports its state, until `lifecycle` stops.
    pub(crate) fn tend(&self, lifecycle: &Lifecycle) {
        let (token, log) = (lifecycle.token(), self.clone());
        lifecycle.spawn("spool", Duration::from_secs(1), async move {
            token.run_until_cancelled(futures::future::join(log.drain(), log.watch())).await;
            Ok(())
        });
    }

    /// Makes events into records.
    pub(crate) const fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Stores records. What Kafka has not acknowledged within this
    /// time goes to the spool, and all of it at once while Kafka is known to be unavailable. A record that
    /// went both ways is there twice, with one event id: it counts once.
    pub(crate) async fn store(&self, records: &[Option<Prepared>], within: Duration) -> Stored {
        let unsent = |record: &Option<Prepared>| match record {
            Some(_) => Storage::Unknown,
            None => Storage::TooLarge,
        };
        let mut stored: Vec<_> = records.iter().map(unsent).collect();
        let mut kafka = "kafka is known to be unavailable";
        if !self.breaker.is_open() {
            kafka = "kafka did not acknowledge in time";
            let sent = self.producer.send(records.iter().flatten(), within).await;
            let slots = stored.iter_mut().filter(|slot| **slot == Storage::Unknown);
            slots.zip(sent).for_each(|(slot, outcome)| *slot = storage(outcome));
        }
        let left: Vec<_> = records
            .iter()
            .zip(&mut stored)
            .filter(|(_, slot)| **slot == Storage::Unknown)
            .filter_map(|(record, slot)| Some((record.as_ref()?.as_bytes(), slot)))
            .collect();
        let spooled = if left.is_empty() { Ok(()) } else { self.spool(left).await };
        let trouble = spooled.err().map(|spool| Untaken { kafka, spool });
        Stored { storage: stored, trouble }
    }

    async fn spool(&self, left: Vec<(&[u8], &mut Storage)>) -> Result<(), SpoolError> {
        let (records, slots): (Vec<_>, Vec<_>) = left.into_iter().unzip();
        let count = records.len() as u64;
        self.spool.append(records).await?;
        slots.into_iter().for_each(|slot| *slot = Storage::Durable);
        Counter::EventsSpooled.add(&[], count);
        self.breaker.open();
        Ok(())
    }

    /// Whether events would be stored: by Kafka, or else by the spool.
    pub(crate) async fn check(&self) -> Result<(), BoxError> {
        if !self.breaker.is_open() && self.producer.check(BROKERS_PATIENCE).await.is_ok() {
            return Ok(());
        }
        self.spool.check().map_err(|error| format!("kafka is unavailable, and {error}").into())
    }
}

fn storage(outcome: PublishOutcome) -> Storage {
    match outcome {
        PublishOutcome::Published { .. } => Storage::Durable,
        PublishOutcome::Failed { retriable: true } => Storage::Unknown,
        PublishOutcome::Failed { retriable: false } => Storage::TooLarge,
    }
}
