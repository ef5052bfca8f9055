use chrono::{DateTime, Utc};
use control_plane::{Cadence, RelativeRange, ReportJobKind, ScheduleSource};
use problem::Problem;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;
use uuid::Uuid;
use web::read_json;

use super::{cadence::local_time, range::with_range};
use crate::{
    cohorts::FoundCohorts, dimensions::Home, names::ReportName, query::DayOfWeek,
    report_jobs::job_kind, report_request::ReportRequest, schemas,
};

/// The most bytes of a request.
const MOST_BYTES: usize = 32 * 1024;

/// A schedule to write, in place of what it said before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleOrder {
    /// The name.
    #[schema(value_type = schemas::ReportName)]
    name: ReportName,
    /// The saved report that is made, as it is at each run; or else `kind` and `request`.
    saved_report: Option<Uuid>,
    /// What the jobs ask for.
    #[schema(value_type = Option<schemas::ReportJobKind>)]
    kind: Option<String>,
    /// The body of the request, as of `POST /v1/reports`.
    #[schema(value_type = Option<Object>, example = json!({"metrics": ["sales"], "format": "csv"}))]
    request: Option<Box<RawValue>>,
    /// The range of each run, in place of `from`, `to` and `tz` of the request. Default: that of the request.
    #[schema(value_type = Option<schemas::RelativeRange>)]
    range: Option<RelativeRange>,
    /// Whether it runs every day or every week.
    every: Every,
    /// The day of a weekly run.
    weekday: Option<DayOfWeek>,
    /// The local time of a run, in the tenant's zone.
    #[schema(pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$", example = "07:30")]
    at: String,
}

/// How often a schedule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Every {
    Day,
    Week,
}

/// What a valid order says.
#[derive(Debug)]
pub(super) struct OrderedSchedule {
    pub(super) name: String,
    pub(super) source: ScheduleSource,
    pub(super) range: Option<RelativeRange>,
    pub(super) cadence: Cadence,
}

impl ScheduleOrder {
    /// Returns the bytes of its request; none if it makes a saved report.
    pub(super) fn request(&self) -> &[u8] {
        self.request.as_ref().map_or(&[], |request| request.get().as_bytes())
    }

    /// Reads the order at the time `now`, for a user who may see all campaigns of a tenant or only some. Its
    /// request is checked as that of a run now would be.
    ///
    /// # Errors
    /// The wrong field, below `/request` one of the request, and what would be correct; or
    /// the user may not ask it.
    pub(super) fn parse(
        self,
        cohorts: &FoundCohorts,
        sees_all: bool,
        home: Home<'_>,
        now: DateTime<Utc>,
    ) -> Result<OrderedSchedule, Problem> {
        let weekday = match (self.every, self.weekday) {
            (Every::Day, None) => None,
            (Every::Week, Some(day)) => Some(day.into()),
            (Every::Day, Some(_)) => {
                return Err(Problem::field("/weekday", "must be absent: it runs every day"));
            }
            (Every::Week, None) => {
                return Err(Problem::field("/weekday", "must name the day of a weekly run"));
            }
        };
        let at = local_time(&self.at)
            .ok_or_else(|| Problem::field("/at", "must be a local time such as 07:30"))?;
        let source = match (self.saved_report, self.kind, self.request) {
            (Some(report), None, None) => ScheduleSource::Saved(report),
            (None, Some(kind), Some(request)) => {
                own_request(&kind, &request, self.range, cohorts, sees_all, (home, now))?
            }
            _ => {
                let reason = "must be given without `kind` and `request`, or these without it";
                return Err(Problem::field("/saved_report", reason));
            }
        };
        let cadence = Cadence { weekday, at };
        Ok(OrderedSchedule { name: self.name.into(), source, range: self.range, cadence })
    }
}

fn own_request(
    kind: &str,
    request: &RawValue,
    range: Option<RelativeRange>,
    cohorts: &FoundCohorts,
    sees_all: bool,
    (home, now): (Home<'_>, DateTime<Utc>),
) -> Result<ScheduleSource, Problem> {
    let kind: ReportJobKind = job_kind(kind)?;
    let bytes = request.get().as_bytes();
    if bytes.len() > MOST_BYTES {
        return Err(Problem::field("/request", format!("must have at most {MOST_BYTES} bytes")));
    }
    let below = |problem: Problem| problem.below("/request");
    // First as it is: so a wrong field is named, which a range would replace.
    ReportRequest::parse(kind, bytes, cohorts, sees_all, home, now).map_err(below)?;
    let request: serde_json::Value = read_json(bytes).map_err(below)?;
    let ranged = with_range(kind, request.clone(), range, home.zone, now);
    let ranged = serde_json::to_vec(&ranged).map_err(Problem::internal)?;
    ReportRequest::parse(kind, &ranged, cohorts, sees_all, home, now).map_err(below)?;
    Ok(ScheduleSource::Request { kind, request })
}
