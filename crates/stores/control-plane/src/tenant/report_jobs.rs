use auth::{CampaignScope, Principal, Subject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    ControlPlaneError, ReportJob, ReportJobKind, TenantControl,
    principal_row::{Limit, PrincipalRow},
    report_job::ReportJobRow,
};

/// A report job to create.
#[derive(Clone, Debug)]
pub struct NewReportJob<'a> {
    /// Its id.
    pub job_id: Uuid,
    /// What it asks for.
    pub kind: ReportJobKind,
    /// The body of the request; of sessions, the parameters.
    pub request: &'a Value,
    /// The user or key that asks.
    pub asked_by: &'a Principal,
    /// When it is asked for.
    pub created_at: DateTime<Utc>,
}

/// Who reads and cancels report jobs.
#[derive(Clone, Copy, Debug)]
pub enum ReportJobReader<'a> {
    /// One who sees all of the tenant.
    OfTenant,
    /// One who sees those of this user or key that were asked with this limit, or every own one if it
    /// has no limit.
    Own(&'a Subject, &'a CampaignScope),
}

/// A reader as parameters.
struct ReaderParameters {
    asked_by: Option<String>,
    is_unlimited: bool,
    advertiser: Option<String>,
    campaigns: Option<Vec<String>>,
}

impl ReportJobReader<'_> {
    fn parameters(self) -> ReaderParameters {
        match self {
            Self::OfTenant => ReaderParameters {
                asked_by: None,
                is_unlimited: true,
                advertiser: None,
                campaigns: None,
            },
            Self::Own(subject, scope) => {
                let Limit { advertiser, campaigns } = Limit::of(scope);
                ReaderParameters {
                    asked_by: Some(subject.to_string()),
                    is_unlimited: *scope == CampaignScope::All,
                    advertiser: advertiser.map(str::to_owned),
                    campaigns,
                }
            }
        }
    }
}

impl TenantControl {
    /// Queues a job. Returns it as it is stored; `None` when the tenant has `most` jobs in the queue.
    pub async fn create_report_job(
        &self,
        job: &NewReportJob<'_>,
        most: u32,
    ) -> Result<Option<ReportJob>, ControlPlaneError> {
        let asked = PrincipalRow::of(job.asked_by);
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let row: Option<ReportJobRow> = sqlx::query_as(sql!("report_job/create"))
            .bind(self.client_id().as_str())
            .bind(job.job_id)
            .bind(job.kind.as_str())
            .bind(job.request)
            .bind(asked.asked_by)
            .bind(asked.authority)
            .bind(asked.advertiser_id)
            .bind(asked.campaigns)
            .bind(asked.user_version)
            .bind(job.created_at)
            .bind(i64::from(most))
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| row.job(self.client_id().clone())).transpose()
    }

    /// Returns jobs that the reader may see before the id `before`, newest first, at most `limit`.
    pub async fn report_jobs(
        &self,
        reader: ReportJobReader<'_>,
        before: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<ReportJob>, ControlPlaneError> {
        let reader = reader.parameters();
        let mut transaction = self.begin().await?;
        let rows: Vec<ReportJobRow> = sqlx::query_as(sql!("report_job/list"))
            .bind(self.client_id().as_str())
            .bind(reader.asked_by)
            .bind(reader.is_unlimited)
            .bind(reader.advertiser)
            .bind(reader.campaigns)
            .bind(before)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(|row| row.job(self.client_id().clone())).collect()
    }

    /// Returns one job, if it exists and the reader may see it.
    pub async fn report_job(
        &self,
        reader: ReportJobReader<'_>,
        job_id: Uuid,
    ) -> Result<Option<ReportJob>, ControlPlaneError> {
        let reader = reader.parameters();
        let mut transaction = self.begin().await?;
        let row: Option<ReportJobRow> = sqlx::query_as(sql!("report_job/get"))
            .bind(self.client_id().as_str())
            .bind(reader.asked_by)
            .bind(reader.is_unlimited)
            .bind(reader.advertiser)
            .bind(reader.campaigns)
            .bind(job_id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| row.job(self.client_id().clone())).transpose()
    }

    /// Cancels a job that the reader may see: a done one expires, a failed one stays as it is. Returns whether
    /// it was not finished, and is cancelled now.
    pub async fn cancel_report_job(
        &self,
        reader: ReportJobReader<'_>,
        job_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let reader = reader.parameters();
        let mut transaction = self.begin().await?;
        let is_cancelled: Option<bool> = sqlx::query_scalar(sql!("report_job/cancel"))
            .bind(self.client_id().as_str())
            .bind(reader.asked_by)
            .bind(reader.is_unlimited)
            .bind(reader.advertiser)
            .bind(reader.campaigns)
            .bind(job_id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok(is_cancelled.unwrap_or_default())
    }
}
