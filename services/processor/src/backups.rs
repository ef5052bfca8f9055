use std::time::Duration;

use control_plane::PlatformControl;
use lifecycle::{BoxError, every};
use telemetry::Gauge;
use tokio_util::sync::CancellationToken;

use crate::Dependencies;

/// How often the times are read.
const PERIOD: Duration = Duration::from_secs(60);

/// Tells how old the copies of the latest backups are, until the process stops: the command that makes them ends, and
/// nobody would ask it.
pub(crate) async fn watch(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let mut rounds = every(PERIOD, token, "read the times of backups");
    while rounds.begin().await {
        rounds.run(tell(&platform)).await;
    }
    Ok(())
}

async fn tell(platform: &PlatformControl) -> Result<(), BoxError> {
    for (store, copied_at) in platform.latest_copies().await? {
        Gauge::BackupLastCopy.set(&[&store], copied_at.timestamp());
    }
    Ok(())
}
