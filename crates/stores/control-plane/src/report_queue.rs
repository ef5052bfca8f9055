use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, postgres::PgQueryResult};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ControlPlane, ControlPlaneError, JobFailure, ReportFile, ReportJob, report_job::ReportJobRow,
};

/// The number of PostgreSQL's advisory lock for claims. Another number is in `ledger`.
const LOCK: i64 = 9;

/// The report jobs of all tenants, for the processes that run them.
#[derive(Clone)]
pub struct ReportQueue {
    pub(crate) control_plane: ControlPlane,
}

/// The right of one process to run a report job. It ends when another process claims the job, or when the
/// job is cancelled: then nothing that is written under this claim counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportClaim {
    /// The tenant.
    pub client_id: ClientId,
    /// The job, as it was when it was claimed.
    pub job: ReportJob,
}

/// How many jobs run, how often, and how long a claim holds.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRules {
    /// The most running jobs of a tenant.
    pub most_running: u32,
    /// The most failed attempts of a job.
    pub most_attempts: u32,
    /// How long a claim holds unless it is extended.
    pub lasts: Duration,
}

/// What a process got when it asked for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The job; `None` if none waits.
    pub claim: Option<ReportClaim>,
    /// How many jobs failed meanwhile, because their last attempt had ended with its process.
    pub given_up: u64,
}

/// How many jobs of all tenants are not finished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backlog {
    /// Jobs that wait for a process, also those that wait to be tried again.
    pub queued: u64,
    /// Jobs that a process has claimed.
    pub running: u64,
    /// How long the longest waiting one could have been claimed.
    pub oldest: Duration,
}

/// What of a finished job may be in the object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRemains {
    /// The tenant.
    pub client_id: ClientId,
    /// The job.
    pub job_id: Uuid,
    /// How many attempts there were: each may have left a file.
    pub attempts: u32,
}

/// A report that was made under a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeReport {
    /// Its rows; `None` if it has none to count.
    pub rows: Option<u64>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its file.
    pub file: ReportFile,
}

#[derive(FromRow)]
struct ClaimRow {
    client_id: String,
    #[sqlx(flatten)]
    job: ReportJobRow,
}

#[derive(FromRow)]
struct BacklogRow {
    queued: i64,
    running: i64,
    oldest_seconds: f64,
}

#[derive(FromRow)]
struct RemainsRow {
    client_id: String,
    job_id: Uuid,
    attempts: i32,
}

impl ControlPlane {
    /// Returns access to the report jobs of all tenants, to run them.
    pub fn report_queue(&self) -> ReportQueue {
        ReportQueue { control_plane: self.clone() }
    }
}

impl ReportQueue {
    /// Claims the next job, of the tenant with the fewest running ones. Jobs whose last attempt ended with
    /// its process fail with `failure`.
    pub async fn claim(
        &self,
        rules: ClaimRules,
        failure: &JobFailure,
    ) -> Result<Claimed, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        sqlx::query(sql!("report_queue/lock")).bind(LOCK).execute(&mut transaction).await?;
        let given_up = sqlx::query(sql!("report_queue/give_up"))
            .bind(rules.most_attempts.cast_signed())
            .bind(&failure.code)
            .bind(&failure.detail)
            .execute(&mut transaction)
            .await?;
        let row: Option<ClaimRow> = sqlx::query_as(sql!("report_queue/claim"))
            .bind(i64::from(rules.most_running))
            .bind(rules.lasts.as_secs_f64())
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        let claim = row.map(|row| {
            let client_id = parse_tenant(&row.client_id)?;
            Ok::<_, ControlPlaneError>(ReportClaim {
                job: row.job.job(client_id.clone())?,
                client_id,
            })
        });
        Ok(Claimed { claim: claim.transpose()?, given_up: given_up.rows_affected() })
    }

    /// Returns the time of PostgreSQL's clock, by which all processes run schedules: one of a process could
    /// be ahead.
    pub async fn now(&self) -> Result<DateTime<Utc>, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let now = sqlx::query_scalar(sql!("report_queue/now")).fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(now)
    }

    /// Returns how many jobs are not finished.
    pub async fn backlog(&self) -> Result<Backlog, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let row: BacklogRow =
            sqlx::query_as(sql!("report_queue/backlog")).fetch_one(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Backlog {
            queued: row.queued.cast_unsigned(),
            running: row.running.cast_unsigned(),
            oldest: Duration::try_from_secs_f64(row.oldest_seconds).unwrap_or_default(),
        })
    }

    /// Extends a claim, and records how much is written. Returns whether the claim still holds.
    pub async fn extend(
        &self,
        claim: &ReportClaim,
        lasts: Duration,
        rows: Option<u64>,
        bytes: u64,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let extended = sqlx::query(sql!("report_queue/extend"))
            .bind(claim.client_id.as_str())
            .bind(claim.job.job_id)
            .bind(claim.job.attempts.cast_signed())
            .bind(lasts.as_secs_f64())
            .bind(rows.map(u64::cast_signed))
            .bind(bytes.cast_signed())
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(is_changed(&extended))
    }

    /// Records that the file of a job is complete; it is kept for `kept`. Returns whether the claim still
    /// held: else the file does not count.
    pub async fn finish(
        &self,
        claim: &ReportClaim,
        made: &MadeReport,
        kept: Duration,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let finished = sqlx::query(sql!("report_queue/finish"))
            .bind(claim.client_id.as_str())
            .bind(claim.job.job_id)
            .bind(claim.job.attempts.cast_signed())
            .bind(kept.as_secs_f64())
            .bind(made.rows.map(u64::cast_signed))
            .bind(made.bytes.cast_signed())
            .bind(made.file.sha256.as_slice())
            .bind(made.file.as_of)
            .bind(made.file.from)
            .bind(made.file.to)
            .bind(&made.file.time_zone)
            .bind(&made.file.name)
            .bind(&made.file.media_type)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(is_changed(&finished))
    }

    /// Queues a job again, to be claimed after `wait`; `has_failed`: that counts as a failed attempt.
    pub async fn release(
        &self,
        claim: &ReportClaim,
        has_failed: bool,
        wait: Duration,
    ) -> Result<(), ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        sqlx::query(sql!("report_queue/release"))
            .bind(claim.client_id.as_str())
            .bind(claim.job.job_id)
            .bind(claim.job.attempts.cast_signed())
            .bind(i32::from(has_failed))
            .bind(wait.as_secs_f64())
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Records that a job cannot be made. Returns whether the claim still held.
    pub async fn fail(
        &self,
        claim: &ReportClaim,
        failure: &JobFailure,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let failed = sqlx::query(sql!("report_queue/fail"))
            .bind(claim.client_id.as_str())
            .bind(claim.job.job_id)
            .bind(claim.job.attempts.cast_signed())
            .bind(&failure.code)
            .bind(&failure.detail)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(is_changed(&failed))
    }

    /// Returns what may be removed from the object store: expired files, and what unfinished attempts
    /// left, `wait` after the job's end.
    pub async fn to_remove(&self, wait: Duration) -> Result<Vec<JobRemains>, ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        let rows: Vec<RemainsRow> = sqlx::query_as(sql!("report_queue/to_remove"))
            .bind(wait.as_secs_f64())
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        let remains = rows.into_iter().map(|row| {
            Ok(JobRemains {
                client_id: parse_tenant(&row.client_id)?,
                job_id: row.job_id,
                attempts: row.attempts.cast_unsigned(),
            })
        });
        remains.collect()
    }

    /// Records that nothing of a job is in the object store any more.
    pub async fn removed(&self, remains: &JobRemains) -> Result<(), ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        sqlx::query(sql!("report_queue/removed"))
            .bind(remains.client_id.as_str())
            .bind(remains.job_id)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    /// Deletes jobs that ended longer than `kept` ago and have nothing in the object store.
    pub async fn prune(&self, kept: Duration) -> Result<(), ControlPlaneError> {
        let mut transaction = self.control_plane.begin_platform().await?;
        sqlx::query(sql!("report_queue/prune"))
            .bind(kept.as_secs_f64())
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

fn is_changed(result: &PgQueryResult) -> bool {
    result.rows_affected() > 0
}

fn parse_tenant(client_id: &str) -> Result<ClientId, ControlPlaneError> {
    client_id.parse().map_err(ControlPlaneError::corrupt("client id"))
}
