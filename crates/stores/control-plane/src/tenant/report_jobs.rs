use auth::{CampaignScope, Principal, Subject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{Postgres, postgres::PgArguments, query::QueryAs};
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
        let mut transaction = self.begin().await?;
        let query = self.read_by(reader, sqlx::query_as(sql!("report_job/list")));
        let rows: Vec<ReportJobRow> =
            query.bind(before).bind(i64::from(limit)).fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        rows.into_iter().map(|row| row.job(self.client_id().clone())).collect()
    }

    /// Returns one job, if it exists and the reader may see it.
    pub async fn report_job(
        &self,
        reader: ReportJobReader<'_>,
        job_id: Uuid,
    ) -> Result<Option<ReportJob>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let query = self.read_by(reader, sqlx::query_as(sql!("report_job/get")));
        let row: Option<ReportJobRow> = query.bind(job_id).fetch_optional(&mut transaction).await?;
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
        let mut transaction = self.begin().await?;
        let query = self.read_by(reader, sqlx::query_as(sql!("report_job/cancel")));
        let row: Option<(bool,)> = query.bind(job_id).fetch_optional(&mut transaction).await?;
        transaction.commit().await?;
        Ok(row.is_some_and(|(is_cancelled,)| is_cancelled))
    }

    /// Binds the tenant and the reader, which come first in each statement about jobs that a reader may see.
    fn read_by<'q, Row>(
        &'q self,
        reader: ReportJobReader<'q>,
        query: QueryAs<'q, Postgres, Row, PgArguments>,
    ) -> QueryAs<'q, Postgres, Row, PgArguments> {
        let (asked_by, scope) = match reader {
            ReportJobReader::OfTenant => (None, &CampaignScope::All),
            ReportJobReader::Own(subject, scope) => (Some(subject.to_string()), scope),
        };
        let Limit { advertiser, campaigns } = Limit::of(scope);
        query
            .bind(self.client_id().as_str())
            .bind(asked_by)
            .bind(*scope == CampaignScope::All)
            .bind(advertiser)
            .bind(campaigns)
    }
}
