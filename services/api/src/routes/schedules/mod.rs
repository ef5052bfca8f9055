//! `/v1/schedules`.

use chrono::{DateTime, Utc};
use control_plane::{Cadence, RelativeRange, ReportSchedule, ScheduleSource};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{query::DayOfWeek, schedules::Every, schemas};

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod replace;
pub(crate) mod show;

/// A report that is made every day or every week, each time as a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedule {
    /// Its id.
    id: Uuid,
    /// The name.
    #[schema(value_type = schemas::ReportName)]
    name: String,
    /// The saved report that is made; `null` if it has a request of its own.
    saved_report: Option<Uuid>,
    /// What its jobs ask for; `null` if that is the saved report's.
    #[schema(value_type = Option<schemas::ReportJobKind>)]
    kind: Option<&'static str>,
    /// The body of the request; `null` if that is the saved report's.
    #[schema(value_type = Option<Object>)]
    request: Option<Value>,
    /// The range of each run; `null`: that of the request.
    #[schema(value_type = Option<schemas::RelativeRange>)]
    range: Option<RelativeRange>,
    /// Whether it runs every day or every week.
    every: Every,
    /// The day of a weekly run; `null` if it runs every day.
    weekday: Option<DayOfWeek>,
    /// The local time of a run, in the tenant's zone.
    #[schema(example = "07:30")]
    at: String,
    /// The user whose rights its jobs have.
    created_by: Uuid,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
    /// The next run.
    next_run_at: DateTime<Utc>,
    /// The last run; `null` before the first.
    last_run_at: Option<DateTime<Utc>>,
}

impl From<ReportSchedule> for Schedule {
    fn from(schedule: ReportSchedule) -> Self {
        let (saved_report, kind, request) = match schedule.source {
            ScheduleSource::Saved(report) => (Some(report), None, None),
            ScheduleSource::Request { kind, request } => (None, Some(kind.as_str()), Some(request)),
        };
        let Cadence { weekday, at } = schedule.cadence;
        Self {
            id: schedule.schedule_id,
            name: schedule.name,
            saved_report,
            kind,
            request,
            range: schedule.range,
            every: weekday.map_or(Every::Day, |_| Every::Week),
            weekday: weekday.map(DayOfWeek::from),
            at: at.format("%H:%M").to_string(),
            created_by: schedule.created_by,
            created_at: schedule.created_at,
            updated_at: schedule.updated_at,
            next_run_at: schedule.next_run_at,
            last_run_at: schedule.last_run_at,
        }
    }
}
