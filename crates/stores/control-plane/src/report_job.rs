use auth::Principal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlaneError, ReportKind, principal_row::PrincipalRow};

/// A report that is made in the background.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportJob {
    /// Its id.
    pub job_id: Uuid,
    /// How far it is.
    pub state: ReportJobState,
    /// What it asks for.
    pub kind: ReportJobKind,
    /// The body of the request; of sessions, the parameters.
    pub request: Value,
    /// The user or key that asked, with the rights of that time.
    pub asked_by: Principal,
    /// When it was asked for; a request without a range is about the time before.
    pub created_at: DateTime<Utc>,
    /// How often a process has claimed it.
    pub attempts: u32,
    /// How many attempts failed, or ended with their process.
    pub failed_attempts: u32,
    /// When the first attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it reached a state in which it stays.
    pub finished_at: Option<DateTime<Utc>>,
    /// When its file expires; `None` before there is one.
    pub expires_at: Option<DateTime<Utc>>,
    /// Rows written so far; `None` if the report has none to count.
    pub rows: Option<u64>,
    /// Bytes written so far.
    pub bytes: u64,
    /// Its file, once it is done.
    pub file: Option<ReportFile>,
    /// Why it failed.
    pub failure: Option<JobFailure>,
    /// The schedule whose run it is, and when that was due.
    pub scheduled: Option<(Uuid, DateTime<Utc>)>,
}

/// How far a report job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportJobState {
    /// It waits for a process.
    Queued,
    /// A process has claimed it.
    Running,
    /// Its file is complete.
    Done,
    /// It cannot be made.
    Failed,
    /// A user or key has cancelled it.
    Cancelled,
    /// Its file is removed, or about to be.
    Expired,
}

/// What a report job asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportJobKind {
    /// A report that can be saved, too.
    Report(ReportKind),
    /// The events themselves.
    Events,
}

/// The file of a job that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    /// Its name for people.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Everything received before this is counted; `None` if that was unknown.
    pub as_of: Option<DateTime<Utc>>,
    /// The start of the range.
    pub from: DateTime<Utc>,
    /// The end of the range, excluded.
    pub to: DateTime<Utc>,
    /// The time zone of days and buckets.
    pub time_zone: String,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFailure {
    /// The code of the problem.
    pub code: String,
    /// What happened, for the caller.
    pub detail: String,
}

#[derive(FromRow)]
pub(crate) struct ReportJobRow {
    job_id: Uuid,
    state: String,
    kind: String,
    request: Value,
    #[sqlx(flatten)]
    principal: PrincipalRow,
    created_at: DateTime<Utc>,
    attempts: i32,
    failed_attempts: i32,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    row_count: Option<i64>,
    byte_count: i64,
    #[sqlx(flatten)]
    file: FileRow,
    failure_code: Option<String>,
    failure_detail: Option<String>,
    schedule_id: Option<Uuid>,
    due_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct FileRow {
    sha256: Option<Vec<u8>>,
    as_of: Option<DateTime<Utc>>,
    range_from: Option<DateTime<Utc>>,
    range_to: Option<DateTime<Utc>>,
    time_zone: Option<String>,
    file_name: Option<String>,
    media_type: Option<String>,
}

impl ReportJobState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled, Self::Expired];

    /// Returns the name used in tables and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl ReportJobKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Report(ReportKind::Query),
        Self::Report(ReportKind::Attribution),
        Self::Report(ReportKind::Funnel),
        Self::Report(ReportKind::Retention),
        Self::Report(ReportKind::Sessions),
        Self::Report(ReportKind::Windows),
        Self::Events,
    ];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report(kind) => kind.as_str(),
            Self::Events => "events",
        }
    }

    pub(crate) fn stored(name: &str) -> Result<Self, ControlPlaneError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or("unknown").map_err(ControlPlaneError::corrupt("kind of a job"))
    }
}

impl ReportJobRow {
    /// Returns the job of a tenant.
    pub(crate) fn job(self, client_id: ClientId) -> Result<ReportJob, ControlPlaneError> {
        let state = ReportJobState::ALL.into_iter().find(|state| state.as_str() == self.state);
        let failure = self.failure_code.zip(self.failure_detail);
        Ok(ReportJob {
            job_id: self.job_id,
            state: state.ok_or("unknown").map_err(ControlPlaneError::corrupt("state of a job"))?,
            kind: ReportJobKind::stored(&self.kind)?,
            request: self.request,
            asked_by: self.principal.principal(client_id)?,
            created_at: self.created_at,
            attempts: self.attempts.cast_unsigned(),
            failed_attempts: self.failed_attempts.cast_unsigned(),
            started_at: self.started_at,
            finished_at: self.finished_at,
            expires_at: self.expires_at,
            rows: self.row_count.map(i64::cast_unsigned),
            bytes: self.byte_count.cast_unsigned(),
            file: self.file.file()?,
            failure: failure.map(|(code, detail)| JobFailure { code, detail }),
            scheduled: self.schedule_id.zip(self.due_at),
        })
    }
}

impl FileRow {
    fn file(self) -> Result<Option<ReportFile>, ControlPlaneError> {
        let Some(sha256) = self.sha256 else {
            return Ok(None);
        };
        let sha256 = <[u8; 32]>::try_from(sha256.as_slice());
        let rest = || {
            Some(ReportFile {
                name: self.file_name?,
                media_type: self.media_type?,
                sha256: sha256.ok()?,
                as_of: self.as_of,
                from: self.range_from?,
                to: self.range_to?,
                time_zone: self.time_zone?,
            })
        };
        let file = rest().ok_or("incomplete").map_err(ControlPlaneError::corrupt("report file"))?;
        Ok(Some(file))
    }
}
