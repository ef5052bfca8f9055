//! `/v1/reports`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
};
use chrono::{DateTime, Utc};
use control_plane::{JobFailure, ReportFile, ReportJobKind, ReportJobState, ReportKind};
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;
use web::Error;

use crate::{
    member::Member,
    report_jobs::{ReportJobs, prefers_async, request_of},
    schemas,
    state::Api,
};

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod download;
pub(crate) mod list;
pub(crate) mod show;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// A report that is made in the background.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportJob {
    /// Its id.
    id: Uuid,
    /// How far it is.
    #[schema(value_type = schemas::ReportJobState)]
    state: ReportJobState,
    /// What it asks for.
    #[schema(value_type = schemas::ReportJobKind)]
    kind: &'static str,
    /// The body of the request; of `sessions`, the parameters.
    #[schema(value_type = Object, example = json!({"metrics": ["sales"], "format": "csv"}))]
    request: Value,
    /// The user or key that asked: `user:<id>` or `key:<id>`.
    asked_by: String,
    /// When it was asked for. A request without a range is about the time before.
    created_at: DateTime<Utc>,
    /// When the first attempt began; `null` before.
    started_at: Option<DateTime<Utc>>,
    /// When it was done, failed or cancelled; `null` before.
    finished_at: Option<DateTime<Utc>>,
    /// When the file is removed; `null` before it is complete.
    expires_at: Option<DateTime<Utc>>,
    /// The schedule whose run it is; `null` if it was asked for.
    schedule: Option<Uuid>,
    /// When that run was due; `null` if it was asked for.
    due_at: Option<DateTime<Utc>>,
    /// How often a process has begun with it.
    attempts: u32,
    /// How much is written.
    progress: ReportProgress,
    /// The complete file; `null` before.
    manifest: Option<ReportManifest>,
    /// Why it failed; `null` if it has not.
    failure: Option<ReportFailure>,
}

/// How much of a report is written.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportProgress {
    /// Rows, without a header; `null` for a report that has none to count, for Parquet until it is complete,
    /// and for raw events as Arrow.
    rows: Option<u64>,
    /// Bytes.
    bytes: u64,
}

/// The complete file of a report, and what it has the answer to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportManifest {
    /// The name of the file.
    file: String,
    /// Its media type.
    media_type: String,
    /// Its rows, without a header; `null` if it has none to count, and for raw events as Arrow.
    rows: Option<u64>,
    /// Its size.
    bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    sha256: String,
    /// Everything received before this is in it; `null` if that was unknown.
    as_of: Option<DateTime<Utc>>,
    /// The start of the range.
    from: DateTime<Utc>,
    /// The end of the range, excluded.
    to: DateTime<Utc>,
    /// The time zone of days and buckets.
    tz: String,
    /// What was asked for.
    #[schema(value_type = Object)]
    query: Value,
}

/// Why a report job failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportFailure {
    /// The code of the problem, as in errors.
    code: String,
    /// What happened.
    detail: String,
}

impl From<control_plane::ReportJob> for ReportJob {
    fn from(job: control_plane::ReportJob) -> Self {
        let (rows, bytes) = (job.rows, job.bytes);
        let query = job.request.clone();
        let manifest = job.file.map(|file| ReportManifest::new(file, rows, bytes, query));
        let failure = job.failure.map(|JobFailure { code, detail }| ReportFailure { code, detail });
        Self {
            id: job.job_id,
            state: job.state,
            kind: job.kind.as_str(),
            request: job.request,
            asked_by: job.asked_by.subject.to_string(),
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            expires_at: job.expires_at,
            schedule: job.scheduled.map(|(schedule, _)| schedule),
            due_at: job.scheduled.map(|(_, due_at)| due_at),
            attempts: job.attempts,
            progress: ReportProgress { rows, bytes },
            manifest,
            failure,
        }
    }
}

impl ReportManifest {
    fn new(file: ReportFile, rows: Option<u64>, bytes: u64, query: Value) -> Self {
        let ReportFile { name, media_type, sha256, as_of, from, to, time_zone } = file;
        Self {
            file: name,
            media_type,
            rows,
            bytes,
            sha256: hex::encode(sha256),
            as_of,
            from,
            to,
            tz: time_zone,
            query,
        }
    }
}

/// What is answered, beside the report itself, where a client may prefer a job.
#[derive(IntoResponses)]
#[expect(dead_code, clippy::large_enum_variant, reason = "it describes what `preferred` answers")]
pub(crate) enum MayBeJob {
    /// The job that makes the file, if `Prefer` asks for it
    #[response(
        status = 202,
        headers(
            ("Location" = String, description = "The job"),
            ("Preference-Applied" = String, description = "`respond-async`")
        )
    )]
    Queued(ReportJob),
    /// The tenant has as many jobs in the queue as allowed
    #[response(status = 409)]
    Full,
}

/// Queues a job that makes the report of a body at the time `now`, if the client prefers that to an answer.
pub(crate) async fn preferred(
    api: &Api,
    member: Member<'_>,
    http: &HttpRequest,
    (kind, body): (ReportKind, &impl Serialize),
    now: DateTime<Utc>,
) -> Result<Option<HttpResponse>, Error> {
    if !prefers_async(http.headers()) {
        return Ok(None);
    }
    let jobs = ReportJobs::new(api, member);
    let job = jobs.create(ReportJobKind::Report(kind), &request_of(body)?, now).await?;
    Ok(Some(accepted(job, true)))
}

/// Answers that a job was queued; `is_preferred`: because the request preferred it.
pub(crate) fn accepted(job: control_plane::ReportJob, is_preferred: bool) -> HttpResponse {
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::LOCATION, format!("/v1/reports/{}", job.job_id)));
    if is_preferred {
        response.insert_header((PREFERENCE_APPLIED, "respond-async"));
    }
    response.json(ReportJob::from(job))
}
