use std::time::Duration;

use archive::{ReportFileError, ReportFileKey, ReportFiles};
use control_plane::{Backlog, JobRemains, ReportQueue};
use lifecycle::{BoxError, every};
use telemetry::{Age, Gauge};
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_secs(15);
/// How often the jobs are counted.
const COUNT_EVERY: Duration = Duration::from_secs(10);
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
    let mut failed = Ok(());
    for remains in queue.to_remove(WAIT).await? {
        // One file that cannot be removed keeps none of the others.
        match remove(files, &remains).await {
            Ok(()) => queue.removed(&remains).await?,
            Err(error) => failed = Err(error.into()),
        }
    }
    queue.prune(LISTED).await?;
    failed
}

async fn remove(files: &ReportFiles, remains: &JobRemains) -> Result<(), ReportFileError> {
    let JobRemains { client_id, job_id, attempts } = remains;
    for attempt in 1..=*attempts {
        let key = ReportFileKey { client_id: client_id.clone(), job_id: *job_id, attempt };
        files.remove(&key).await?;
    }
    Ok(())
}

/// Keeps the metrics of unfinished jobs up to date, until `token` is cancelled.
pub(super) async fn count(queue: ReportQueue, token: CancellationToken) -> Result<(), BoxError> {
    let mut rounds = every(COUNT_EVERY, token, "count report jobs");
    while rounds.begin().await {
        rounds.run(count_once(&queue)).await;
    }
    Ok(())
}

async fn count_once(queue: &ReportQueue) -> Result<(), BoxError> {
    let Backlog { queued, running, oldest } = queue.backlog().await?;
    Gauge::ReportJobs.set(&["queued"], queued.cast_signed());
    Gauge::ReportJobs.set(&["running"], running.cast_signed());
    Age::ReportJobsOldest.set(&[], oldest);
    Ok(())
}
