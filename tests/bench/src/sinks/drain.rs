use std::fs;

use testkit::{Platform, eventually};
use tokio::time::Instant;

use crate::{
    Failure,
    log_end::LogEnd,
    measure::{Meter, Profile, Role, peak_bytes, servers},
    options::Common,
    platform::with_spooling_collector,
    shops::{Retailers, send},
    sink::Processed,
};

/// Spools events of the tenants, then starts a collector that reaches Kafka, and measures it from
/// its first records in the log on, until the spool is empty. Its start, when it checks the whole
/// spool, is not measured.
///
/// # Errors
/// A request is not accepted, or spooled events do not reach the log.
pub(super) async fn drain(
    common: &Common,
    platform: &Platform,
    retailers: &Retailers,
    events: u32,
) -> Result<Processed, Failure> {
    let end = LogEnd::of(platform)?;
    let before = end.records().await?;
    let spooled = spool(platform, retailers, events).await?;
    let mut collector = platform.spawn(&["collector"]);
    let id = collector.id();
    let first = end.reached(before + 1).await?;
    let began = Instant::now();
    let meter = Meter::start(servers().into_iter().chain([(Role::Measured, id)]));
    let profile = Profile::start(common, "spool-drain", id)?;
    let reached = end.reached(before + spooled).await;
    let took = began.elapsed();
    profile.map_or(Ok(()), Profile::finish)?;
    let last = reached.map_err(|error| format!("{error}\n{}", collector.last_lines()))?;
    eventually("the spool is empty", async || is_empty(platform).then_some(())).await;
    let cpu = meter.read();
    let memory = peak_bytes(id);
    collector.kill();
    let drained = (last - first) as f64;
    Ok(Processed { events: drained, rate: drained / took.as_secs_f64(), cpu, memory })
}

/// Sends events while the collector reaches no broker, and returns how many.
async fn spool(platform: &Platform, retailers: &Retailers, events: u32) -> Result<u64, Failure> {
    // It is killed in the end: what it has accepted is on the disk.
    let _collector = with_spooling_collector(platform).await;
    let mut spooled = 0;
    for (tenant, share) in retailers.tenants().zip(retailers.shares(events)) {
        spooled += send(platform, tenant, share as usize).await? as u64;
    }
    Ok(spooled)
}

/// Returns whether the spool has no segment left.
fn is_empty(platform: &Platform) -> bool {
    let mut files = fs::read_dir(platform.folder().join("spool")).into_iter().flatten().flatten();
    !files.any(|file| file.path().extension().is_some())
}
