use std::path::Path;

use testkit::setting;

use super::Options;
use crate::{
    Failure,
    shops::Sizes,
    sink::{Processed, process},
    store::{Waiting, onboarded},
};

/// What the live sink achieved.
pub(super) struct Applied {
    pub(super) processed: Processed,
    /// Commands that Redis ran, those of scripts included.
    pub(super) commands: f64,
}

/// Fills the log and runs the live sink until it has applied every event.
pub(super) async fn apply(program: &Path, options: &Options) -> Result<Applied, Failure> {
    let Options { common, events, partitions, tenants } = options;
    let (platform, retailers) = onboarded(program, *partitions, *tenants).await;
    let waiting = Waiting::of(platform, &retailers, *events, Sizes::default()).await?;
    let before = commands().await?;
    let processed = process(common, &waiting.platform, "live", waiting.filled.records).await?;
    let commands = commands().await? - before;
    waiting.remove().await?;
    Ok(Applied { processed, commands })
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
