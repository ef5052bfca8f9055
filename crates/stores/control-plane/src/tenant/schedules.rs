use serde_json::{Value, json};
use sqlx::{Postgres, postgres::PgArguments, query::QueryAs};
use uuid::Uuid;

use super::Quota;
use crate::{
    AuditEntry, ControlPlaneError, ReportSchedule, ScheduleSource, TenantControl, audit,
    pool::Transaction, principal_row::PrincipalRow, report_schedule::ReportScheduleRow,
};

impl TenantControl {
    /// Returns schedules after the id `after`, by id, at most `limit`: those of a user, or all of the
    /// tenant.
    pub async fn schedules(
        &self,
        of_user: Option<Uuid>,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<ReportSchedule>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<ReportScheduleRow> = sqlx::query_as(sql!("report_schedule/list"))
            .bind(self.client_id().as_str())
            .bind(of_user)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(|row| row.schedule(self.client_id().clone())).collect()
    }

    /// Returns one schedule, if it exists and is of the user, or of any user of the tenant.
    pub async fn schedule(
        &self,
        of_user: Option<Uuid>,
        schedule_id: Uuid,
    ) -> Result<Option<ReportSchedule>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<ReportScheduleRow> = sqlx::query_as(sql!("report_schedule/get"))
            .bind(self.client_id().as_str())
            .bind(of_user)
            .bind(schedule_id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(|row| row.schedule(self.client_id().clone())).transpose()
    }

    /// Creates a schedule. Returns it as it is stored; `None` when the tenant or its author has as many as
    /// the quota allows.
    pub async fn create_schedule(
        &self,
        actor: &str,
        schedule: &ReportSchedule,
        quota: Quota,
    ) -> Result<Option<ReportSchedule>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let row = self
            .bound(sqlx::query_as(sql!("report_schedule/create")), schedule)
            .bind(i64::from(quota.of_tenant))
            .bind(i64::from(quota.of_user))
            .fetch_optional(&mut transaction)
            .await?;
        self.written(transaction, actor, "schedule.create", row).await
    }

    /// Replaces what a schedule says, except its author and the time of its creation. Returns it as it is
    /// stored; `None` when its author has none with this id.
    pub async fn replace_schedule(
        &self,
        actor: &str,
        schedule: &ReportSchedule,
    ) -> Result<Option<ReportSchedule>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row = self
            .bound(sqlx::query_as(sql!("report_schedule/replace")), schedule)
            .fetch_optional(&mut transaction)
            .await?;
        self.written(transaction, actor, "schedule.replace", row).await
    }

    /// Deletes a schedule of the user, or of any user of the tenant; `false` when there is none. Its jobs
    /// stay.
    pub async fn delete_schedule(
        &self,
        actor: &str,
        of_user: Option<Uuid>,
        schedule_id: Uuid,
    ) -> Result<bool, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let deleted = sqlx::query(sql!("report_schedule/delete"))
            .bind(self.client_id().as_str())
            .bind(of_user)
            .bind(schedule_id)
            .execute(&mut transaction)
            .await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        self.record(&mut transaction, actor, "schedule.delete", schedule_id).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Binds what a schedule says.
    fn bound<'q>(
        &'q self,
        query: QueryAs<'q, Postgres, ReportScheduleRow, PgArguments>,
        schedule: &'q ReportSchedule,
    ) -> QueryAs<'q, Postgres, ReportScheduleRow, PgArguments> {
        let asked = PrincipalRow::of(&schedule.asked_by);
        let source = &schedule.source;
        let (report, kind, request): (Option<Uuid>, Option<&str>, Option<&Value>) = match source {
            ScheduleSource::Saved(report) => (Some(*report), None, None),
            ScheduleSource::Request { kind, request } => (None, Some(kind.as_str()), Some(request)),
        };
        query
            .bind(self.client_id().as_str())
            .bind(schedule.schedule_id)
            .bind(&schedule.name)
            .bind(report)
            .bind(kind)
            .bind(request)
            .bind(schedule.range.map(|range| range.as_str()))
            .bind(schedule.cadence.stored_weekday())
            .bind(schedule.cadence.at)
            .bind(asked.asked_by)
            .bind(asked.authority)
            .bind(asked.advertiser_id)
            .bind(asked.campaigns)
            .bind(asked.user_version)
            .bind(schedule.next_run_at)
            .bind(schedule.created_by)
            .bind(schedule.updated_at)
    }

    async fn written(
        &self,
        mut transaction: Transaction,
        actor: &str,
        action: &str,
        row: Option<ReportScheduleRow>,
    ) -> Result<Option<ReportSchedule>, ControlPlaneError> {
        let Some(row) = row else {
            return Ok(None);
        };
        let schedule = row.schedule(self.client_id().clone())?;
        self.record(&mut transaction, actor, action, schedule.schedule_id).await?;
        transaction.commit().await?;
        Ok(Some(schedule))
    }

    async fn record(
        &self,
        transaction: &mut Transaction,
        actor: &str,
        action: &str,
        schedule_id: Uuid,
    ) -> Result<(), ControlPlaneError> {
        let entry = AuditEntry {
            action,
            client_id: Some(self.client_id()),
            subject: &format!("schedule:{schedule_id}"),
            detail: json!({}),
        };
        audit::append(transaction, actor, &entry).await
    }
}
