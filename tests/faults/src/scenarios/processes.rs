//! Single processes, which are stopped as an operator does.

use std::time::Duration;

use tokio::time::timeout;

use crate::{Failure, stand::Stand};

/// The sinks of the processor, each of which can be a process of its own.
pub(super) const SINKS: [&str; 4] = ["store", "live", "archive", "rejects"];

/// How long a process may take to finish its work and end.
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// Starts a processor that runs one sink only, with a name that stays the same over restarts.
pub(super) fn start_sink(stand: &mut Stand, name: &str, sink: &str) {
    let instance = ("FOOTFALL__PROCESSOR__INSTANCE", name.to_owned());
    stand.start(name, &["processor", "--sink", sink], [instance]);
}

/// Stops a process, which must end successfully.
pub(super) async fn stop(stand: &mut Stand, name: &str) -> Result<(), Failure> {
    let mut process = stand.detach(name)?;
    process.terminate();
    let ended = timeout(STOPS_WITHIN, process.ended()).await;
    Ok(ended.map_err(|_| format!("{name} did not stop in {STOPS_WITHIN:?}"))?)
}

/// Stops `collector` or `api`, starts it again, and waits until it is ready.
pub(super) async fn restart_service(stand: &mut Stand, name: &str) -> Result<(), Failure> {
    stop(stand, name).await?;
    stand.start(name, &[name], []);
    stand.wait_until_ready().await
}
