use std::time::Duration;

use tokio::time::Instant;

/// Limits sending to a number of events a second, averaged from the start.
#[derive(Debug)]
pub(crate) struct Pace {
    began: Instant,
    rate: Option<f64>,
    sent: u64,
}

impl Pace {
    /// Allows `rate` events a second; without a rate, as many as the collector answers.
    pub(crate) fn new(rate: Option<u32>) -> Self {
        Self { began: Instant::now(), rate: rate.map(|rate| f64::from(rate.max(1))), sent: 0 }
    }

    /// Waits until `events` more may be sent.
    pub(crate) async fn wait_for(&mut self, events: usize) {
        if let Some(rate) = self.rate {
            let due = Duration::from_secs_f64(self.sent as f64 / rate);
            tokio::time::sleep_until(self.began + due).await;
        }
        self.sent += events as u64;
    }

    /// Returns the batch size at this pace: five batches a second.
    pub(crate) fn batch_size(&self) -> usize {
        self.rate.map_or(usize::MAX, |rate| (rate / 5.0).ceil() as usize)
    }
}
