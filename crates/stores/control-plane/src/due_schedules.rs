use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ControlPlaneError, ReportJobKind, ReportQueue, ReportSchedule,
    report_schedule::ReportScheduleRow,
};

/// A schedule whose next run is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueSchedule {
    /// The tenant.
    pub client_id: ClientId,
    /// The zone of its local time.
    pub time_zone: Tz,
    /// The schedule.
    pub schedule: ReportSchedule,
    /// What its job asks for; `None` if its author no longer sees the saved report.
    pub request: Option<(ReportJobKind, Value)>,
}

/// A run of a schedule that gets a job.
#[derive(Clone, Debug)]
pub struct ScheduledRun<'a> {
    /// When it was due, after the missed ones.
    pub due_at: DateTime<Utc>,
    /// The next run.
    pub next_run_at: DateTime<Utc>,
    /// The id, the kind and the request of its job; `None`: it gets none.
    pub job: Option<(Uuid, ReportJobKind, &'a Value)>,
}

#[derive(FromRow)]
struct DueRow {
    client_id: String,
    time_zone: String,
    due_kind: Option<String>,
    due_request: Option<Value>,
    #[sqlx(flatten)]
    schedule: ReportScheduleRow,
}

impl ReportQueue {
    /// Returns schedules that are due at `now`, the longest due first, of tenants with fewer than `most` jobs
    /// in the queue.
    pub async fn due_schedules(
        &self,
        now: DateTime<Utc>,
        most: u32,
    ) -> Result<Vec<DueSchedule>, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let rows: Vec<DueRow> = sqlx::query_as(sql!("report_queue/due_schedules"))
            .bind(now)
            .bind(i64::from(most))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(DueSchedule::try_from).collect()
    }

    /// Queues the job of a run, and moves the schedule to its next one, in one step. Returns `false` if
    /// another process has done so, or the schedule was changed, or the tenant has `most` jobs in the queue.
    pub async fn run_schedule(
        &self,
        due: &DueSchedule,
        run: &ScheduledRun<'_>,
        most: u32,
    ) -> Result<bool, ControlPlaneError> {
        let (client_id, schedule_id) = (due.client_id.as_str(), due.schedule.schedule_id);
        let mut transaction = self.control_plane.begin_platform().await?;
        // So that the count includes every other job.
        sqlx::query(sql!("tenant/lock")).bind(client_id).execute(&mut transaction).await?;
        let queued: i64 = sqlx::query_scalar(sql!("report_queue/queued"))
            .bind(client_id)
            .fetch_one(&mut transaction)
            .await?;
        if queued >= i64::from(most) {
            return Ok(false);
        }
        let advanced = sqlx::query(sql!("report_queue/advance_schedule"))
            .bind(client_id)
            .bind(schedule_id)
            .bind(due.schedule.next_run_at)
            .bind(run.next_run_at)
            .bind(run.due_at)
            .execute(&mut transaction)
            .await?;
        if advanced.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some((job_id, kind, request)) = run.job {
            sqlx::query(sql!("report_queue/create_scheduled"))
                .bind(client_id)
                .bind(schedule_id)
                .bind(job_id)
                .bind(kind.as_str())
                .bind(request)
                .bind(run.due_at)
                .execute(&mut transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(true)
    }
}

impl TryFrom<DueRow> for DueSchedule {
    type Error = ControlPlaneError;

    fn try_from(row: DueRow) -> Result<Self, ControlPlaneError> {
        let client_id: ClientId =
            row.client_id.parse().map_err(ControlPlaneError::corrupt("client id"))?;
        let kind = row.due_kind.as_deref().map(ReportJobKind::stored).transpose()?;
        Ok(Self {
            time_zone: row.time_zone.parse().map_err(ControlPlaneError::corrupt("time zone"))?,
            schedule: row.schedule.schedule(client_id.clone())?,
            request: kind.zip(row.due_request),
            client_id,
        })
    }
}
