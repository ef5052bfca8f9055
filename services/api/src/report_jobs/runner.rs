use std::{panic::AssertUnwindSafe, time::Duration};

use control_plane::{Claimed, ControlPlaneError, JobFailure, ReportClaim, ReportQueue};
use futures::FutureExt;
use lifecycle::{BoxError, Lifecycle};
use problem::Problem;
use telemetry::{Counter, chain};
use tokio::{
    runtime::Handle,
    sync::watch,
    task::spawn_blocking,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    KEPT, RULES,
    attempt::{Attempt, Written},
    outcome::Outcome,
    upkeep,
};
use crate::{failure::Failure, state::Api};

/// How many jobs a process runs at once.
const AT_ONCE: usize = 3;
/// How often each of them looks for a job of another process.
const LOOK: Duration = Duration::from_secs(2);
/// How often a claim is extended.
const EXTEND: Duration = Duration::from_secs(5);
/// How long a stopping process may take to release its jobs.
const BUDGET: Duration = Duration::from_secs(5);

/// Starts the tasks that run report jobs and remove what is left of them, until `lifecycle` stops.
pub(crate) fn start(api: &Api, lifecycle: &Lifecycle) {
    for _ in 0..AT_ONCE {
        let runner = Runner {
            api: api.clone(),
            queue: api.control_plane.report_queue(),
            token: lifecycle.token(),
        };
        lifecycle.spawn("report jobs", BUDGET, async move {
            // Reports are made for handlers, which stay on one thread: so does each runner.
            let handle = Handle::current();
            spawn_blocking(move || handle.block_on(runner.run())).await?
        });
    }
    let (queue, files) = (api.control_plane.report_queue(), api.report_files.clone());
    let counting = upkeep::count(queue.clone(), lifecycle.token());
    lifecycle.spawn("report job metrics", BUDGET, counting);
    lifecycle.spawn("report files", BUDGET, upkeep::run(queue, files, lifecycle.token()));
}

/// Runs one job after another.
struct Runner {
    api: Api,
    queue: ReportQueue,
    /// Cancelled when the process stops.
    token: CancellationToken,
}

impl Runner {
    async fn run(self) -> Result<(), BoxError> {
        let mut is_failing = false;
        // A claim that is cut off, if it was made, ends by itself.
        while let Some(claimed) =
            self.token.run_until_cancelled(self.queue.claim(RULES, &process_died())).await
        {
            match claimed {
                Ok(Claimed { claim, given_up }) => {
                    is_failing = false;
                    Counter::ReportJobsEnded.add(&["failed"], given_up);
                    if let Some(claim) = claim {
                        Box::pin(self.run_job(&claim)).await;
                        continue;
                    }
                }
                Err(error) => {
                    if !is_failing {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "report jobs cannot be claimed, will be repeated");
                    }
                    is_failing = true;
                }
            }
            tokio::select! {
                () = self.token.cancelled() => {}
                () = self.api.report_wake.notified() => {}
                () = sleep(LOOK) => {}
            }
        }
        Ok(())
    }

    /// Makes the report of a job, and keeps the claim meanwhile.
    async fn run_job(&self, claim: &ReportClaim) {
        let (written, progress) = watch::channel(Written::default());
        let stop = self.token.child_token();
        let attempt = Attempt { api: &self.api, claim, written: &written, stop: &stop };
        let is_made = CancellationToken::new();
        let making = async {
            let made = contained(Box::pin(attempt.make())).await;
            is_made.cancel();
            made
        };
        let keeping = self.keep(claim, &progress, &is_made, &stop);
        let (made, ()) = tokio::join!(making, keeping);
        let ended = match made {
            Ok(Some(made)) => match self.queue.finish(claim, &made, KEPT).await {
                Ok(true) => {
                    Counter::ReportJobsEnded.inc(&["done"]);
                    Ok(())
                }
                Ok(false) => {
                    // It was cancelled, or another process has claimed it: this file does not count.
                    self.remove(&attempt).await;
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Ok(None) if self.token.is_cancelled() => {
                self.queue.release(claim, false, Duration::ZERO).await
            }
            Ok(None) => Ok(()),
            Err(failure) => self.record(claim, failure).await,
        };
        if let Err(error) = ended {
            // The claim ends by itself, and a process tries again.
            let error = &error as &dyn std::error::Error;
            tracing::warn!(job = %claim.job.job_id, error, "the end of a report job was not recorded");
        }
    }

    /// Extends the claim until the report is made. Stops the attempt if the claim is lost.
    async fn keep(
        &self,
        claim: &ReportClaim,
        progress: &watch::Receiver<Written>,
        is_made: &CancellationToken,
        stop: &CancellationToken,
    ) {
        let mut until = Instant::now() + RULES.lasts;
        while is_made.run_until_cancelled(sleep(EXTEND)).await.is_some() {
            let asked_at = Instant::now();
            let Written { rows, bytes } = *progress.borrow();
            match self.queue.extend(claim, RULES.lasts, rows, bytes).await {
                Ok(true) => until = asked_at + RULES.lasts,
                // PostgreSQL does not answer: the claim may have ended.
                Err(_) if Instant::now() < until => {}
                Ok(false) | Err(_) => return stop.cancel(),
            }
        }
    }

    /// Records a failed attempt.
    async fn record(&self, claim: &ReportClaim, failure: Failure) -> Result<(), ControlPlaneError> {
        let cause = chain(&failure);
        let problem = Problem::from(failure);
        match Outcome::of(&problem, claim.job.failed_attempts) {
            Outcome::Again { has_failed, wait } => {
                tracing::info!(job = %claim.job.job_id, cause, "a report job will be tried again");
                self.queue.release(claim, has_failed, wait).await
            }
            Outcome::Failed(failed) => {
                tracing::warn!(job = %claim.job.job_id, cause, "a report job has failed");
                if self.queue.fail(claim, &failed).await? {
                    Counter::ReportJobsEnded.inc(&["failed"]);
                }
                Ok(())
            }
        }
    }

    async fn remove(&self, attempt: &Attempt<'_>) {
        if let Err(error) = self.api.report_files.remove(&attempt.key()).await {
            // The upkeep removes the files of all attempts.
            let error = &error as &dyn std::error::Error;
            tracing::debug!(error, "a report file that does not count was not removed");
        }
    }
}

/// Makes a panic a failed attempt: it must not end a process that answers other requests, too.
async fn contained<T>(making: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let made = AssertUnwindSafe(making).catch_unwind().await;
    made.unwrap_or_else(|_| Err(Problem::internal("what makes the report panicked").into()))
}

/// Returns why a job fails whose processes died.
fn process_died() -> JobFailure {
    JobFailure {
        code: problem::Code::Internal.as_str().to_owned(),
        detail: "Each process that made the report has died. Ask for a smaller one.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_fails_the_attempt_and_not_the_process() {
        let made = contained::<()>(async { panic!("poison") }).await;
        assert_eq!(Problem::from(made.unwrap_err()).code(), problem::Code::Internal);
    }
}
