//! Report jobs: reports that are made in the background, as files in the object store.

mod attempt;
mod order;
mod outcome;
mod prefer;
mod rows;
mod runner;
mod upkeep;

use std::time::Duration;

use archive::{ReportFileError, ReportFileKey, ReportFileReader};
use auth::Action;
use chrono::{DateTime, Utc};
use control_plane::{
    ClaimRules, NewReportJob, ReportFile, ReportJob, ReportJobKind, ReportJobReader,
    ReportJobState, TenantControl,
};
use problem::{Code, Problem};
use serde_json::Value;
use telemetry::Counter;
use uuid::Uuid;

use crate::{
    cohorts::CohortFinder,
    dimensions::{self, Home},
    failure::{Failure, in_field},
    member::Member,
    pagination::Page,
    report_request::ReportRequest,
    state::Api,
};

use order::MOST_BYTES;
pub(crate) use order::{ReportJobOrder, job_kind};
pub(crate) use prefer::{prefers_async, request_of};
pub(crate) use runner::start;

/// The most jobs of a tenant that wait for a process.
pub(crate) const MOST_QUEUED: u32 = 20;
/// The most failed attempts of a job.
const MOST_ATTEMPTS: u32 = 3;
/// How jobs are claimed. A process extends its claims six times as often.
const RULES: ClaimRules =
    ClaimRules { most_running: 2, most_attempts: MOST_ATTEMPTS, lasts: Duration::from_secs(30) };
/// How long a file is kept.
const KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The report jobs of a tenant, as one of its users or keys may see and cancel them.
pub(crate) struct ReportJobs<'a> {
    api: &'a Api,
    stored: TenantControl,
    cohorts: CohortFinder,
    member: Member<'a>,
}

/// A file to download.
pub(crate) struct Download {
    pub(crate) file: ReportFile,
    pub(crate) reader: ReportFileReader,
}

impl<'a> ReportJobs<'a> {
    pub(crate) fn new(api: &'a Api, member: Member<'a>) -> Self {
        let cohorts = CohortFinder::new(&api.control_plane, member.tenant(), member.campaigns());
        Self { api, stored: api.control_plane.for_tenant(member.tenant()), cohorts, member }
    }

    /// Queues the job of an order.
    pub(crate) async fn order(
        &self,
        order: ReportJobOrder,
        now: DateTime<Utc>,
    ) -> Result<ReportJob, Failure> {
        let cohorts = self.cohorts.find_in(order.request(), "/request", now).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let home = Home { zone: self.member.home(), dimensions };
        let checked = order.parse(&cohorts, self.member.is_unlimited(), home, now)?;
        self.queue(checked.kind, &checked.request, now).await
    }

    /// Queues a job for the body of another route, which has to be one of a job.
    pub(crate) async fn create(
        &self,
        kind: ReportJobKind,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Result<ReportJob, Failure> {
        let bytes = serde_json::to_vec(request).map_err(Problem::internal)?;
        if bytes.len() > MOST_BYTES {
            let detail = format!("The request of a job has at most {MOST_BYTES} bytes.");
            return Err(Problem::new(Code::BodyTooLarge, detail).into());
        }
        let cohorts = self.cohorts.find_in(&bytes, "", now).await?;
        let dimensions = &dimensions::of(&self.stored).await?;
        let home = Home { zone: self.member.home(), dimensions };
        ReportRequest::parse(kind, &bytes, &cohorts, self.member.is_unlimited(), home, now)?;
        self.queue(kind, request, now).await
    }

    async fn queue(
        &self,
        kind: ReportJobKind,
        request: &Value,
        now: DateTime<Utc>,
    ) -> Result<ReportJob, Failure> {
        let asked_by = self.member.principal();
        let job = NewReportJob { job_id: Uuid::now_v7(), kind, request, asked_by, created_at: now };
        let created = self.stored.create_report_job(&job, MOST_QUEUED).await;
        let created = created.map_err(in_field("/request", "must not contain U+0000"))?;
        let created = created.ok_or_else(|| {
            let detail = format!(
                "A tenant has at most {MOST_QUEUED} jobs in the queue. Wait until one is done, or \
                 cancel one."
            );
            Problem::new(Code::LimitReached, detail)
        })?;
        self.api.report_wake.notify_one();
        Ok(created)
    }

    /// Returns a page, and one job more if there is a next page.
    pub(crate) async fn list(&self, page: &Page) -> Result<Vec<ReportJob>, Failure> {
        let before = page.after.as_deref().map(str::parse::<Uuid>).transpose();
        let before =
            before.map_err(|_| Problem::field("?cursor", "must be a next_cursor of this list"))?;
        Ok(self.stored.report_jobs(self.reader(), before, page.fetch()).await?)
    }

    /// Returns one job; an invisible one is as absent.
    pub(crate) async fn show(&self, id: Uuid) -> Result<ReportJob, Failure> {
        let found = self.stored.report_job(self.reader(), id).await?;
        found.ok_or_else(|| Problem::not_found().into())
    }

    /// Cancels a job that is not finished, and lets the file of a done one expire.
    pub(crate) async fn cancel(&self, id: Uuid) -> Result<(), Failure> {
        self.show(id).await?;
        if self.stored.cancel_report_job(self.reader(), id).await? {
            Counter::ReportJobsEnded.inc(&["cancelled"]);
        }
        Ok(())
    }

    /// Opens the file of a job that is done.
    pub(crate) async fn download(&self, id: Uuid, now: DateTime<Utc>) -> Result<Download, Failure> {
        let job = self.show(id).await?;
        let is_over = job.expires_at.is_some_and(|end| end <= now);
        if is_over || job.state == ReportJobState::Expired {
            return Err(expired().into());
        }
        let Some(file) = job.file else {
            let detail = format!("The job is {}: it has no file.", job.state.as_str());
            return Err(Problem::new(Code::NotFound, detail).into());
        };
        let key = ReportFileKey {
            client_id: self.member.tenant().client_id().clone(),
            job_id: id,
            attempt: job.attempts,
        };
        match self.api.report_files.open(&key).await {
            Ok(reader) if reader.bytes == job.bytes => Ok(Download { file, reader }),
            Ok(reader) => {
                let other = format!("the file of a job has {} bytes", reader.bytes);
                Err(Problem::internal(other).into())
            }
            Err(error @ ReportFileError::Missing(_)) => Err(expired().with_source(error).into()),
            Err(error) => Err(error.into()),
        }
    }

    fn reader(&self) -> ReportJobReader<'a> {
        // As for annotations, owners are those who manage campaigns.
        if self.member.may(Action::ManageCampaigns) {
            return ReportJobReader::OfTenant;
        }
        ReportJobReader::Own(&self.member.principal().subject, self.member.campaigns())
    }
}

fn expired() -> Problem {
    Problem::new(Code::Gone, "The file has expired. Ask for the report again.")
}
