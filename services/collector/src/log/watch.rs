use std::{convert::Infallible, time::Duration};

use telemetry::{Age, Gauge};
use tokio::time::{MissedTickBehavior, interval};

use super::Log;

const EVERY: Duration = Duration::from_secs(1);

impl Log {
    /// Updates the gauges, and logs once when the spool begins to refuse events.
    pub(super) async fn watch(&self) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut accepted = true;
        loop {
            ticks.tick().await;
            let gauge = |value: u64| value.try_into().unwrap_or(i64::MAX);
            Gauge::SpoolBytes.set(&[], gauge(self.spool.bytes()));
            Gauge::SpoolCapacity.set(&[], gauge(self.spool.capacity()));
            Gauge::PublishQueue.set(&[], gauge(self.producer.unacknowledged() as u64));
            Age::SpoolOldest.set(&[], self.spool.oldest_age().unwrap_or_default());
            let checked = self.spool.check();
            match &checked {
                Err(error) if accepted => tracing::error!(%error, "the spool refuses events"),
                Ok(()) if !accepted => tracing::info!("the spool accepts events again"),
                _ => {}
            }
            accepted = checked.is_ok();
            Gauge::SpoolAccepts.set(&[], i64::from(accepted));
        }
    }
}
