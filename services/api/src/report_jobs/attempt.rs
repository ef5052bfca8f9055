use archive::{ReportFileKey, ReportFileWriter, WrittenFile};
use auth::{Action, CampaignScope};
use chrono::Utc;
use control_plane::{MadeReport, ReportClaim, ReportFile};
use problem::{Code, Problem};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::rows::RowCounter;
use crate::{
    cohorts::CohortFinder,
    dimensions::{self, Home},
    failure::Failure,
    query::{FileFormat, Format},
    report_request::{Report, ReportRequest},
    state::Api,
};

/// How much of a file is written.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) rows: Option<u64>,
    pub(super) bytes: u64,
}

/// One attempt to make the report of a claimed job.
pub(super) struct Attempt<'a> {
    pub(super) api: &'a Api,
    pub(super) claim: &'a ReportClaim,
    /// Receives how much is written.
    pub(super) written: &'a watch::Sender<Written>,
    /// Ends the attempt.
    pub(super) stop: &'a CancellationToken,
}

impl Attempt<'_> {
    /// Makes the report, as the credential that asked, if that is still valid. Returns `None` if it was
    /// stopped: then nothing is left of the file.
    pub(super) async fn make(&self) -> Result<Option<MadeReport>, Failure> {
        let job = &self.claim.job;
        let tenant = self.api.sessions.web.tenant(&job.asked_by, Utc::now()).await?;
        if !job.asked_by.authority.may(Action::ReadReports) {
            let detail = "The credential that asked may not read reports.";
            return Err(Problem::new(Code::PermissionDenied, detail).into());
        }
        let request = serde_json::to_vec(&job.request).map_err(Problem::internal)?;
        let sees_all = job.asked_by.scope == CampaignScope::All;
        let now = job.created_at;
        let cohorts = CohortFinder::new(&self.api.control_plane, &tenant, &job.asked_by.scope);
        let cohorts = cohorts.find_in(&request, "", now).await?;
        let dimensions = &dimensions::of(&self.api.control_plane.for_tenant(&tenant)).await?;
        let home = Home { zone: tenant.time_zone(), dimensions };
        let request = ReportRequest::parse(job.kind, &request, &cohorts, sees_all, home, now)?;
        let (time, form) = (request.time(), request.form());
        let answer = Box::pin(request.answer(self.api, &tenant, &job.asked_by.scope));
        let Some(report) = self.stop.run_until_cancelled(answer).await else {
            return Ok(None);
        };
        let report = report?;
        let (as_of, known_rows) = report.facts();
        let Some((file, counted)) = self.write(report, form).await? else {
            return Ok(None);
        };
        let rows = match (counted.or(known_rows), form) {
            (None, Format::File(FileFormat::Parquet)) => {
                Some(self.api.report_files.parquet_rows(&self.key(), file.bytes).await?)
            }
            (rows, _) => rows,
        };
        Ok(Some(MadeReport {
            rows,
            bytes: file.bytes,
            file: ReportFile {
                name: time.file_name(job.kind.as_str(), form.ending()),
                media_type: form.media_type().to_owned(),
                sha256: file.sha256,
                as_of,
                from: time.range.from(),
                to: time.range.to(),
                time_zone: time.zone.name().to_owned(),
            },
        }))
    }

    /// Returns the name of the file.
    pub(super) fn key(&self) -> ReportFileKey {
        let ReportClaim { client_id, job } = self.claim;
        ReportFileKey { client_id: client_id.clone(), job_id: job.job_id, attempt: job.attempts }
    }

    /// Writes the file, and counts its rows. Returns `None` if it was stopped.
    async fn write(
        &self,
        report: Report,
        form: Format,
    ) -> Result<Option<(WrittenFile, Option<u64>)>, Failure> {
        let mut rows = RowCounter::new(form);
        let mut writer = self.api.report_files.create(self.key()).await?;
        match self.fill(&mut writer, &mut rows, report).await {
            Ok(true) => Ok(Some((writer.complete().await?, rows.rows()))),
            Ok(false) => {
                abort(writer).await;
                Ok(None)
            }
            Err(failure) => {
                abort(writer).await;
                Err(failure)
            }
        }
    }

    /// Writes every part. Returns `false` if it was stopped before.
    async fn fill(
        &self,
        writer: &mut ReportFileWriter,
        rows: &mut RowCounter,
        report: Report,
    ) -> Result<bool, Failure> {
        let mut export = match report {
            Report::Whole { body, .. } => {
                rows.count(&body);
                writer.write(body).await?;
                return Ok(true);
            }
            Report::Parts { export, .. } => export,
        };
        while let Some(part) = self.stop.run_until_cancelled(export.next()).await {
            let Some(part) = part? else {
                return Ok(true);
            };
            rows.count(&part);
            writer.write(part).await?;
            self.written.send_replace(Written { rows: rows.rows(), bytes: writer.bytes() });
        }
        Ok(false)
    }
}

async fn abort(writer: ReportFileWriter) {
    if let Err(error) = writer.abort().await {
        tracing::debug!(error = &error as &dyn std::error::Error, "a report file was not aborted");
    }
}
