use std::{path::Path, time::Duration};

use stream::delete_topics;
use telemetry::Counter;
use testkit::{Platform, free_address, setting};
use tokio::time::{Instant, sleep};

use super::Options;
use crate::{
    Failure,
    measure::{Cpu, Meter, Profile, Role, servers},
    platform::with_api,
    shops::{Retailers, Sizes, fill},
    store::{platform_of, remove_rows},
};

/// Between two looks at the processor's counters.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The longest wait for all events.
const TIMEOUT: Duration = Duration::from_secs(600);

/// What the live sink achieved.
pub(super) struct Applied {
    pub(super) events: f64,
    /// Events per second, from the first to the last batch.
    pub(super) rate: f64,
    /// Commands that Redis ran, those of scripts included.
    pub(super) commands: f64,
    pub(super) cpu: Cpu,
}

/// Fills the log and runs the live sink until it has applied every event.
pub(super) async fn apply(program: &Path, options: &Options) -> Result<Applied, Failure> {
    let platform = platform_of(program, options.partitions).await;
    let retailers = {
        let _api = with_api(&platform).await;
        Retailers::onboard(&platform, options.tenants as usize).await
    };
    let ids = retailers.tenants().map(|tenant| tenant.id.as_str());
    let shares = retailers.shares(options.events);
    let filled = fill(&platform, ids.zip(shares), Sizes::default()).await?;

    let before = commands().await?;
    let metrics = free_address();
    let bind = ("FOOTFALL__METRICS__BIND", metrics.clone());
    let mut processor = platform.spawn_as("live", &["processor", "--sink", "live"], [bind]);
    let id = processor.id();
    let meter = Meter::start(servers().into_iter().chain([(Role::Measured, id)]));
    let profile = Profile::start(&options.common, "live-sink", id)?;
    let rate = rate_until(&platform, &metrics, filled.records).await;
    profile.map_or(Ok(()), Profile::finish)?;
    let rate = rate.map_err(|error| format!("{error}\n{}", processor.last_lines()))?;
    let cpu = meter.read();
    let commands = commands().await? - before;
    processor.kill();
    remove_rows(&retailers.destinations()?).await?;
    delete_topics(&platform.log()).await?;
    Ok(Applied { events: filled.records as f64, rate, commands, cpu })
}

/// Returns the events per second from the first to the last batch.
async fn rate_until(platform: &Platform, metrics: &str, events: u64) -> Result<f64, Failure> {
    let deadline = Instant::now() + TIMEOUT;
    let mut first = None;
    loop {
        let done = processed(platform, metrics).await.unwrap_or_default();
        if done > 0 {
            let (at, before) = *first.get_or_insert((Instant::now(), done));
            if done >= events {
                return Ok((done - before) as f64 / at.elapsed().as_secs_f64());
            }
        }
        if Instant::now() > deadline {
            return Err(format!("{done} of {events} events were applied").into());
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Reads the processor's count of records that the live sink has applied.
async fn processed(platform: &Platform, metrics: &str) -> Result<u64, Failure> {
    let response = platform.client().get(format!("http://{metrics}/metrics")).send().await?;
    let text = response.error_for_status()?.text().await?;
    let series = format!(r#"{}{{sink="live"}} "#, Counter::RecordsProcessed.name());
    let count = text.lines().find_map(|line| line.strip_prefix(&series));
    Ok(count.ok_or("no count of records")?.trim().parse::<f64>()? as u64)
}

/// Returns how many commands that write hashes and streams the server has run, those of scripts
/// included.
async fn commands() -> Result<f64, Failure> {
    let client = redis::Client::open(setting("FOOTFALL__REDIS__URL"))?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let statistics: String =
        redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await?;
    let calls = statistics.lines().filter_map(|line| {
        let (command, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let counts =
            !matches!(command, "info" | "ping" | "auth" | "hello") && !command.contains("|");
        counts.then(|| rest.split(',').next()?.parse::<f64>().ok())?
    });
    Ok(calls.sum())
}
