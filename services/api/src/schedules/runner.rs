use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlaneError, DueSchedule, ReportQueue, ScheduledRun};
use lifecycle::{BoxError, Lifecycle, every};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{
    cadence::{Runs, last_due},
    range::with_range,
};
use crate::{report_jobs::MOST_QUEUED, state::Api};

/// How often schedules are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Starts the task that queues the jobs of schedules, until `lifecycle` stops. Several processes may do so
/// at once: each run gets one job.
pub(crate) fn start(api: &Api, lifecycle: &Lifecycle) {
    let (queue, wake) = (api.control_plane.report_queue(), api.report_wake.clone());
    let token = lifecycle.token();
    lifecycle.spawn("schedules", Duration::from_secs(1), async move {
        let mut rounds = every(LOOK, token, "queue the jobs of schedules");
        while rounds.begin().await {
            rounds.run(round(&queue, &wake)).await;
        }
        Ok(())
    });
}

async fn round(queue: &ReportQueue, wake: &Arc<Notify>) -> Result<(), BoxError> {
    let now = queue.now().await?;
    let mut failed = Ok(());
    for due in queue.due_schedules(now, MOST_QUEUED).await? {
        // The error of one tenant's schedule keeps none of the others.
        match run(queue, &due, now).await {
            Ok(true) => wake.notify_one(),
            Ok(false) => {}
            Err(error) => failed = Err(error.into()),
        }
    }
    failed
}

/// Queues the job of the last run that is due. Returns whether this process did.
async fn run(
    queue: &ReportQueue,
    due: &DueSchedule,
    now: DateTime<Utc>,
) -> Result<bool, ControlPlaneError> {
    let DueSchedule { time_zone, schedule, request, .. } = due;
    let runs = last_due(schedule.cadence, *time_zone, schedule.next_run_at, now);
    let Some(Runs { due: due_at, next: next_run_at }) = runs else {
        return Ok(false);
    };
    let request = request.clone().map(|(kind, request)| {
        (kind, with_range(kind, request, schedule.range, *time_zone, due_at))
    });
    if request.is_none() {
        tracing::warn!(schedule = %schedule.schedule_id, "the saved report of a schedule is not visible");
    }
    let job = request.as_ref().map(|(kind, request)| (Uuid::now_v7(), *kind, request));
    queue.run_schedule(due, &ScheduledRun { due_at, next_run_at, job }, MOST_QUEUED).await
}
