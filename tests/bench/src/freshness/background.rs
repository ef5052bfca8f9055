use std::time::Duration;

use telemetry::Counter;
use testkit::{Platform, Process, Tenant};
use tokio::time::{Instant, sleep};

use super::watched_campaign::Load;
use crate::Failure;

/// How long traffic runs before the first measurement.
const WARM_UP: Duration = Duration::from_secs(5);

/// The simulated traffic of a shop, until it is stopped.
pub(crate) struct Background<'a> {
    platform: &'a Platform,
    simulator: Process,
    began: Instant,
    accepted_before: u64,
}

impl<'a> Background<'a> {
    /// Starts `rate` events a second for this tenant, and returns after the warm-up.
    ///
    /// # Errors
    /// The collector does not serve its metrics.
    pub(crate) async fn start(
        platform: &'a Platform,
        tenant: &Tenant,
        rate: u32,
    ) -> Result<Self, Failure> {
        let rate = rate.to_string();
        let collector = platform.collector("/");
        let simulator = platform.spawn(&[
            "simulate",
            "--flat",
            "--rate",
            &rate,
            "--collector",
            &collector,
            "--key",
            &tenant.collect_key,
            "--campaigns",
            Load::Busy.campaign(),
        ]);
        sleep(WARM_UP).await;
        let accepted_before = accepted(platform).await?;
        Ok(Self { platform, simulator, began: Instant::now(), accepted_before })
    }

    /// Stops the traffic; returns how many events a second were accepted, marked ones included.
    ///
    /// # Errors
    /// The collector does not serve its metrics.
    pub(crate) async fn stop(mut self) -> Result<f64, Failure> {
        self.simulator.must_be_running();
        let events = accepted(self.platform).await?.saturating_sub(self.accepted_before);
        Ok(events as f64 / self.began.elapsed().as_secs_f64())
    }
}

/// Reads the collector's count of accepted events.
async fn accepted(platform: &Platform) -> Result<u64, Failure> {
    let response = platform.client().get(platform.metrics()).send().await?;
    let metrics = response.error_for_status()?.text().await?;
    let series = format!(r#"{}{{outcome="accepted"}} "#, Counter::EventsReceived.name());
    let count = metrics.lines().find_map(|line| line.strip_prefix(&series));
    let count = count.ok_or_else(|| format!("the metrics lack {series}"))?;
    Ok(count.trim().parse()?)
}
