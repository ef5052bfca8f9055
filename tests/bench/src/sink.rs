//! One sink of the processor as a process of its own, on events that wait in the log.

use std::time::Duration;

use telemetry::Counter;
use testkit::{Platform, eventually, free_address};
use tokio::time::{Instant, sleep};

use crate::{
    Failure,
    measure::{Cpu, Meter, Profile, Role, peak_bytes, servers},
    options::Common,
};

/// What the processor logs when it gets its partitions.
const ASSIGNED: &str = "Assigned(";

/// Between two looks at the processor's counters.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The longest wait for all events.
const TIMEOUT: Duration = Duration::from_secs(600);

/// What a process achieved with events.
#[derive(Clone, Debug)]
pub(crate) struct Processed {
    pub(crate) events: f64,
    /// Events per second.
    pub(crate) rate: f64,
    pub(crate) cpu: Cpu,
    /// Resident memory of the process at its peak, in bytes.
    pub(crate) memory: f64,
}

impl Processed {
    /// Returns a role's processor time per event, in microseconds.
    pub(crate) fn micros(&self, role: Role) -> f64 {
        self.cpu.micros_per(role, self.events)
    }
}

/// Runs a sink, such as `live`, until it has processed the `events` events of the log. Its start is
/// not measured.
///
/// # Errors
/// Events are missing in the end.
pub(crate) async fn process(
    common: &Common,
    platform: &Platform,
    sink: &str,
    events: u64,
) -> Result<Processed, Failure> {
    let metrics = free_address();
    let bind = ("FOOTFALL__METRICS__BIND", metrics.clone());
    let mut processor = platform.spawn_as(sink, &["processor", "--sink", sink], [bind]);
    let id = processor.id();
    eventually("the sink has its partitions", async || {
        processor.must_be_running();
        processor.last_lines().contains(ASSIGNED).then_some(())
    })
    .await;
    let meter = Meter::start(servers().into_iter().chain([(Role::Measured, id)]));
    let profile = Profile::start(common, &format!("{sink}-sink"), id)?;
    let measured = rate_until(platform, &metrics, sink, events).await;
    profile.map_or(Ok(()), Profile::finish)?;
    let rate = measured.map_err(|error| format!("{error}\n{}", processor.last_lines()))?;
    let cpu = meter.read();
    let memory = peak_bytes(id);
    processor.kill();
    Ok(Processed { events: events as f64, rate, cpu, memory })
}

/// Waits until all events are processed, and returns the events per second: the highest average since
/// the start, once half of the events are processed. After the last records of a partition a sink
/// waits for others, which do not come.
async fn rate_until(
    platform: &Platform,
    metrics: &str,
    sink: &str,
    events: u64,
) -> Result<f64, Failure> {
    let began = Instant::now();
    let mut rate = 0.0_f64;
    loop {
        let done = processed(platform, metrics, sink).await.unwrap_or_default();
        if done >= events.div_ceil(2) {
            rate = rate.max(done as f64 / began.elapsed().as_secs_f64());
        }
        if done >= events {
            return Ok(rate);
        }
        if began.elapsed() > TIMEOUT {
            return Err(format!("{sink}: {done} of {events} events were processed").into());
        }
        sleep(LOOK_EVERY).await;
    }
}

/// Reads the processor's count of records that the sink has processed.
async fn processed(platform: &Platform, metrics: &str, sink: &str) -> Result<u64, Failure> {
    let response = platform.client().get(format!("http://{metrics}/metrics")).send().await?;
    let text = response.error_for_status()?.text().await?;
    let series = format!(r#"{}{{sink="{sink}"}} "#, Counter::RecordsProcessed.name());
    let count = text.lines().find_map(|line| line.strip_prefix(&series));
    Ok(count.ok_or("no count of records")?.trim().parse::<f64>()? as u64)
}
