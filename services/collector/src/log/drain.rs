use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use failpoints::{Step, reach};
use spool::{Segment, SpoolError};
use stream::{Prepared, Producer, PublishOutcome};

use super::Log;

/// Sent at once, about: enough to keep Kafka busy, few enough to send again.
const RECORDS: usize = 5_000;
const BYTES: usize = 4 << 20;

/// Until every record has its delivery report: the producer has given up by then.
const REPORTS: Duration = Producer::DELIVERY_TIMEOUT.saturating_add(Duration::from_secs(3));

/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Before a disk that did not give a segment is asked again.
const DISK_PAUSE: Duration = Duration::from_secs(5);

impl Log {
    /// Brings the spool's segments to Kafka, oldest first, for ever.
    pub(super) async fn drain(&self) -> Infallible {
        loop {
            let done = match self.spool.oldest().await {
                Ok(segment) => self.bring_away(segment).await,
                Err(error) => Err(error),
            };
            if let Err(error) = done {
                tell(&error, "a segment of the spool could not be opened or deleted");
                tokio::time::sleep(DISK_PAUSE).await;
            }
        }
    }

    /// Deletes a segment only after Kafka has reported the delivery of all that is in it.
    async fn bring_away(&self, mut segment: Segment) -> Result<(), SpoolError> {
        let mut complete = true;
        loop {
            match gather(&mut segment).await {
                Ok(records) if records.is_empty() => break,
                Ok(records) => complete &= self.deliver(records).await,
                Err(error) => {
                    tell(&error, "a segment of the spool cannot be read to its end");
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

    /// Sends records until Kafka has all of them. Whether it has: it may refuse one for good.
    async fn deliver(&self, records: Vec<Bytes>) -> bool {
        let count = records.len();
        let mut waiting: Vec<_> =
            records.into_iter().filter_map(|bytes| Prepared::from_bytes(bytes).ok()).collect();
        let mut lost = count - waiting.len();
        while !waiting.is_empty() {
            let outcomes = self.producer.send(&waiting, REPORTS).await;
            let refused = PublishOutcome::Failed { retriable: false };
            lost += outcomes.iter().filter(|outcome| **outcome == refused).count();
            let again = PublishOutcome::Failed { retriable: true };
            let mut outcomes = outcomes.into_iter();
            waiting.retain(|_| outcomes.next() == Some(again));
            if waiting.is_empty() {
                self.breaker.close();
            } else {
                self.breaker.open();
                tokio::time::sleep(PAUSE).await;
            }
        }
        if lost > 0 {
            tracing::error!(lost, "events in the spool that no record of the log can hold");
        }
        lost == 0
    }
}

/// The next records of a segment, whole frames of it; none at the end.
async fn gather(segment: &mut Segment) -> Result<Vec<Bytes>, SpoolError> {
    let (mut records, mut bytes) = (Vec::new(), 0);
    while records.len() < RECORDS && bytes < BYTES {
        let frame = match segment.next().await {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(error) if records.is_empty() => return Err(error),
            // What was read first is brought away first: the error comes again.
            Err(_) => break,
        };
        bytes += frame.iter().map(Bytes::len).sum::<usize>();
        records.extend(frame);
    }
    Ok(records)
}

fn tell(error: &SpoolError, what: &str) {
    let error: &dyn std::error::Error = error;
    tracing::error!(error, "{what}");
}
