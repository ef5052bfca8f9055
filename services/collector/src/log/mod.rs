//! Makes events durable: in Kafka, or in the spool while Kafka does not accept them.

mod breaker;
mod drain;
mod watch;

use std::{pin::pin, sync::Arc, time::Duration};

use lifecycle::{BoxError, Lifecycle};
use spool::{Spool, SpoolError};
use stream::{Prepared, Producer, PublishOutcome};
use telemetry::Counter;

use breaker::Breaker;

/// How long the brokers may take to answer a health check.
const CHECK_TIMEOUT: Duration = Duration::from_millis(1_500);

/// The result of storing a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Kafka has acknowledged it, or the spool has it on disk.
    Durable,
    /// It is in doubt, or was refused.
    Unknown,
    /// It does not fit into a record of the log.
    TooLarge,
}

/// The results of storing records.
pub(crate) struct Stored {
    /// One result per record, in order.
    pub(crate) storage: Vec<Storage>,
    /// Why some are unknown.
    pub(crate) failure: Option<NotStored>,
}

/// Why neither Kafka nor the spool accepted a record.
#[derive(Debug, thiserror::Error)]
#[error("{kafka}, and the spool accepted nothing")]
pub(crate) struct NotStored {
    kafka: &'static str,
    #[source]
    spool: SpoolError,
}

/// Why the folder of the spool must not be removed.
#[derive(Debug, thiserror::Error)]
enum NotDrained {
    #[error("{bytes} bytes are left in the spool")]
    Left { bytes: u64 },
    #[error("{segments} segments are left in the spool or set aside")]
    Segments { segments: usize },
}

/// Kafka, with the spool as fallback. Clones share both.
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
    pub(crate) fn start(&self, lifecycle: &Lifecycle) {
        let token = lifecycle.token();
        let log = self.clone();
        lifecycle.spawn("spool", Duration::from_secs(1), async move {
            token.run_until_cancelled(futures::future::join(log.drain(), log.watch())).await;
            Ok(())
        });
    }

    /// Drains the spool, and then stops `lifecycle`: see [`drain`](crate::drain).
    pub(crate) fn start_drain_only(self, lifecycle: &Lifecycle) {
        let token = lifecycle.token();
        lifecycle.spawn("drain", Duration::from_secs(1), async move {
            let drained = pin!(self.drain_all());
            let watch = pin!(self.watch());
            token.run_until_cancelled(futures::future::select(drained, watch)).await;
            token.cancel();
            let bytes = self.spool.bytes();
            if bytes > 0 {
                return Err(NotDrained::Left { bytes }.into());
            }
            match self.spool.count_left()? {
                0 => Ok(()),
                segments => Err(NotDrained::Segments { segments }.into()),
            }
        });
    }

    /// Returns the producer, which turns events into records.
    pub(crate) const fn producer(&self) -> &Producer {
        &self.producer
    }

    /// Stores records. Those that Kafka has not acknowledged within `timeout` go to the spool; all
    /// go there at once while Kafka is known to be unavailable. A record that went both ways has
    /// one event id and counts once.
    pub(crate) async fn store(&self, records: &[Option<Prepared>], timeout: Duration) -> Stored {
        let unsent = |record: &Option<Prepared>| match record {
            Some(_) => Storage::Unknown,
            None => Storage::TooLarge,
        };
        let mut stored: Vec<_> = records.iter().map(unsent).collect();
        let mut kafka = "kafka is known to be unavailable";
        if !self.breaker.is_open() {
            kafka = "kafka did not acknowledge in time";
            let sent = self.producer.send(records.iter().flatten(), timeout).await;
            let slots = stored.iter_mut().filter(|slot| **slot == Storage::Unknown);
            slots.zip(sent).for_each(|(slot, outcome)| *slot = storage(outcome));
        }
        let left: Vec<_> = records
            .iter()
            .zip(&mut stored)
            .filter(|(_, slot)| **slot == Storage::Unknown)
            .filter_map(|(record, slot)| Some((record.as_ref()?.to_bytes(), slot)))
            .collect();
        let spooled = if left.is_empty() { Ok(()) } else { self.spool(left).await };
        let failure = spooled.err().map(|spool| NotStored { kafka, spool });
        Stored { storage: stored, failure }
    }

    async fn spool(&self, left: Vec<(Vec<u8>, &mut Storage)>) -> Result<(), SpoolError> {
        let (records, slots): (Vec<_>, Vec<_>) = left.into_iter().unzip();
        let count = records.len() as u64;
        self.spool.append(records.iter().map(Vec::as_slice)).await?;
        slots.into_iter().for_each(|slot| *slot = Storage::Durable);
        Counter::EventsSpooled.add(&[], count);
        self.breaker.open();
        Ok(())
    }

    /// Checks that events would be stored, by Kafka or by the spool.
    pub(crate) async fn check(&self) -> Result<(), BoxError> {
        if !self.breaker.is_open() && self.producer.check(CHECK_TIMEOUT).await.is_ok() {
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
