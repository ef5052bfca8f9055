use auth::Principal;
use chrono::{DateTime, NaiveTime, Utc, Weekday};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::FromRow;
use tenancy::ClientId;
use uuid::Uuid;

use crate::{ControlPlaneError, ReportJobKind, principal_row::PrincipalRow};

/// A report that is made again and again, each time as a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSchedule {
    /// Its id.
    pub schedule_id: Uuid,
    /// Its name.
    pub name: String,
    /// What its jobs ask for.
    pub source: ScheduleSource,
    /// The range of its jobs, in place of that of the request.
    pub range: Option<RelativeRange>,
    /// When it runs.
    pub cadence: Cadence,
    /// The user who wrote it, with the rights of that time: those of its jobs.
    pub asked_by: Principal,
    /// The same user.
    pub created_by: Uuid,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// The next run.
    pub next_run_at: DateTime<Utc>,
    /// The last run that has a job.
    pub last_run_at: Option<DateTime<Utc>>,
}

/// What the jobs of a schedule ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleSource {
    /// The request of a saved report, as it is when the job is queued.
    Saved(Uuid),
    /// A request of its own.
    Request {
        /// Its kind.
        kind: ReportJobKind,
        /// Its body.
        request: Value,
    },
}

/// A range that is complete in the tenant's zone when a schedule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelativeRange {
    /// Yesterday.
    LastDay,
    /// From the Monday before the last one to the last one.
    LastWeek,
    /// The calendar month before this one.
    LastMonth,
}

/// On which days a schedule runs, and at which local time of the tenant's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// The day of the week; `None`: every day.
    pub weekday: Option<Weekday>,
    /// The local time.
    pub at: NaiveTime,
}

#[derive(FromRow)]
pub(crate) struct ReportScheduleRow {
    schedule_id: Uuid,
    name: String,
    report_id: Option<Uuid>,
    kind: Option<String>,
    request: Option<Value>,
    relative_range: Option<String>,
    weekday: Option<i16>,
    local_time: NaiveTime,
    #[sqlx(flatten)]
    principal: PrincipalRow,
    created_by: Uuid,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    next_run_at: DateTime<Utc>,
    last_run_at: Option<DateTime<Utc>>,
}

impl RelativeRange {
    /// Every range.
    pub const ALL: [Self; 3] = [Self::LastDay, Self::LastWeek, Self::LastMonth];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LastDay => "last_day",
            Self::LastWeek => "last_week",
            Self::LastMonth => "last_month",
        }
    }
}

impl Cadence {
    /// Returns the number of the weekday, 1 for Monday.
    pub(crate) fn stored_weekday(self) -> Option<i16> {
        let number = self.weekday.map(|weekday| weekday.number_from_monday());
        number.and_then(|number| i16::try_from(number).ok())
    }
}

impl ScheduleSource {
    fn stored(
        report: Option<Uuid>,
        kind: Option<String>,
        request: Option<Value>,
    ) -> Result<Self, ControlPlaneError> {
        match (report, kind, request) {
            (Some(report), ..) => Ok(Self::Saved(report)),
            (None, Some(kind), Some(request)) => {
                Ok(Self::Request { kind: ReportJobKind::stored(&kind)?, request })
            }
            _ => Err(ControlPlaneError::corrupt("source of a schedule")("missing")),
        }
    }
}

impl ReportScheduleRow {
    /// Returns the schedule of a tenant.
    pub(crate) fn schedule(self, client_id: ClientId) -> Result<ReportSchedule, ControlPlaneError> {
        let range = self.relative_range.map(|name| {
            let found = RelativeRange::ALL.into_iter().find(|range| range.as_str() == name);
            found.ok_or("unknown").map_err(ControlPlaneError::corrupt("range of a schedule"))
        });
        // `Weekday` counts from Monday, 0.
        let weekday = self.weekday.map(|number| {
            let number = u8::try_from(number).unwrap_or_default();
            let found = number.checked_sub(1).map(Weekday::try_from).and_then(Result::ok);
            found.ok_or("unknown").map_err(ControlPlaneError::corrupt("weekday of a schedule"))
        });
        Ok(ReportSchedule {
            schedule_id: self.schedule_id,
            name: self.name,
            source: ScheduleSource::stored(self.report_id, self.kind, self.request)?,
            range: range.transpose()?,
            cadence: Cadence { weekday: weekday.transpose()?, at: self.local_time },
            asked_by: self.principal.principal(client_id)?,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            next_run_at: self.next_run_at,
            last_run_at: self.last_run_at,
        })
    }
}
