use std::{convert::Infallible, time::Duration};

use telemetry::{Age, Gauge};
use tokio::time::{MissedTickBehavior, interval};

use super::Log;

const EVERY: Duration = Duration::from_secs(1);

impl Log {
    /// Keeps the gauges up to date, and tells once when the spool takes nothing any more.
    pub(super) async fn watch(&self) -> Infallible {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut took = true;
        loop {
            ticks.tick().await;
            Gauge::SpoolBytes.set(&[], self.spool.bytes().try_into().unwrap_or(i64::MAX));
            Age::SpoolOldest.set(&[], self.spool.oldest_age().unwrap_or_default());
            let takes = self.spool.check();
            match &takes {
                Err(error) if took => tracing::error!(%error, "the spool takes no events"),
                Ok(()) if !took => tracing::info!("the spool takes events again"),
                _ => {}
            }
            took = takes.is_ok();
        }
    }
}
