use std::time::Duration;

use archive::{ReportFileKey, ReportFiles};
use control_plane::{JobRemains, ReportQueue};
use lifecycle::{BoxError, every};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(60);
/// How long after a job's end a process may still write for it.
const WAIT: Duration = Duration::from_secs(5 * 60);
/// How long a job without a file is listed.
const LISTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Removes expired files, and what unfinished attempts have left, until `token` is cancelled. Several
/// processes may do so at once.
pub(super) async fn run(
    queue: ReportQueue,
    files: ReportFiles,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let mut rounds = every(EVERY, token, "remove expired report files");
    while rounds.begin().await {
        rounds.run(round(&queue, &files)).await;
    }
    Ok(())
}

async fn round(queue: &ReportQueue, files: &ReportFiles) -> Result<(), BoxError> {
    for remains in queue.to_remove(WAIT).await? {
        let JobRemains { client_id, job_id, attempts } = &remains;
        for attempt in 1..=*attempts {
            let key = ReportFileKey { client_id: client_id.clone(), job_id: *job_id, attempt };
            files.remove(&key).await?;
        }
        queue.removed(&remains).await?;
    }
    Ok(queue.prune(LISTED).await?)
}
