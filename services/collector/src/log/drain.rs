use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use failpoints::{Step, reach};
use spool::{Segment, SpoolError};
use stream::{Prepared, Producer, PublishOutcome};
use telemetry::Counter;

use super::Log;

/// About how much is sent at once: enough to keep Kafka busy, little enough to send again.
const BATCH_RECORDS: usize = 5_000;
const BATCH_BYTES: usize = 4 << 20;

/// How long to wait for the delivery reports: the producer has given up by then.
const REPORT_TIMEOUT: Duration = Producer::DELIVERY_TIMEOUT.saturating_add(Duration::from_secs(3));

/// The pause before records are sent again.
const RETRY_PAUSE: Duration = Duration::from_millis(250);

/// The pause after a disk error.
const DISK_PAUSE: Duration = Duration::from_secs(5);

impl Log {
    /// Sends the spool's segments to Kafka, oldest first, forever.
    pub(super) async fn drain(&self) -> Infallible {
        loop {
            self.drain_oldest().await;
        }
    }

    /// Sends the spool's segments to Kafka until it has none. Nothing may be added meanwhile.
    pub(super) async fn drain_all(&self) {
        while self.spool.bytes() > 0 {
            self.drain_oldest().await;
        }
    }

    /// Sends the oldest segment; waits until there is one.
    async fn drain_oldest(&self) {
        let drained = match self.spool.oldest().await {
            Ok(segment) => self.drain_segment(segment).await,
            Err(error) => Err(error),
        };
        if let Err(error) = drained {
            log_error(&error, "a segment of the spool could not be opened or deleted");
            tokio::time::sleep(DISK_PAUSE).await;
        }
    }

    /// Sends a segment, and deletes it only after Kafka has acknowledged all of its records.
    async fn drain_segment(&self, mut segment: Segment) -> Result<(), SpoolError> {
        let mut complete = true;
        loop {
            match gather(&mut segment).await {
                Ok(records) if records.is_empty() => break,
                Ok(records) => complete &= self.deliver(records).await,
                Err(error) => {
                    log_error(&error, "a segment of the spool cannot be read to its end");
                    complete = false;
                    break;
                }
            }
        }
        reach(Step::SpoolDrain);
        if complete {
            self.spool.delete(segment).await
        } else {
            self.spool.set_aside(segment).await
        }
    }

    /// Sends records until Kafka has acknowledged all of them. Returns false if Kafka refuses one
    /// permanently.
    async fn deliver(&self, records: Vec<Bytes>) -> bool {
        let count = records.len();
        let mut waiting: Vec<_> =
            records.into_iter().filter_map(|bytes| Prepared::from_bytes(bytes).ok()).collect();
        let mut lost = count - waiting.len();
        while !waiting.is_empty() {
            let outcomes = self.producer.send(&waiting, REPORT_TIMEOUT).await;
            let refused = PublishOutcome::Failed { retriable: false };
            lost += outcomes.iter().filter(|outcome| **outcome == refused).count();
            let again = PublishOutcome::Failed { retriable: true };
            let mut outcomes = outcomes.into_iter();
            waiting.retain(|_| outcomes.next() == Some(again));
            if waiting.is_empty() {
                self.breaker.close();
            } else {
                self.breaker.open();
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
        Counter::EventsDrained.add(&[], (count - lost) as u64);
        if lost > 0 {
            tracing::error!(lost, "events of the spool do not fit into a record of the log");
        }
        lost == 0
    }
}

/// Reads the next records of a segment, in whole frames; none at the end.
async fn gather(segment: &mut Segment) -> Result<Vec<Bytes>, SpoolError> {
    let mut records = Vec::new();
    let mut bytes = 0;
    while records.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
        let frame = match segment.next().await {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) if records.is_empty() => return Err(error),
            // The records read so far are sent first; the next read fails again.
            Err(_) => break,
        };
        bytes += frame.iter().map(Bytes::len).sum::<usize>();
        records.extend(frame);
    }
    Ok(records)
}

fn log_error(error: &SpoolError, message: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "{message}");
}
