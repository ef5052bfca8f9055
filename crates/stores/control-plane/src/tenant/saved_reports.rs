use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::Quota;
use crate::{AuditEntry, ControlPlaneError, TenantControl, audit, pool::Transaction};

/// A request for a report that a user has named and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReport {
    /// Its id.
    pub report_id: Uuid,
    /// Its name, unique among its author's reports of the same visibility.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who sees it.
    pub visibility: ReportVisibility,
    /// What it asks for.
    pub kind: ReportKind,
    /// The body of the request; of sessions, the parameters.
    pub request: Value,
    /// Its author; `None` once the user is deleted.
    pub created_by: Option<Uuid>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Who sees a saved report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportVisibility {
    /// Its author.
    #[default]
    Private,
    /// Every user and `read` key that may see all campaigns of the tenant.
    Shared,
}

/// What a saved report asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// Metrics by dimensions.
    Query,
    /// The credit of ads for orders.
    Attribution,
    /// How many take each step.
    Funnel,
    /// How many return.
    Retention,
    /// Sessions.
    Sessions,
    /// Metrics in windows of time.
    Windows,
}

/// Who reads saved reports.
#[derive(Clone, Copy, Debug)]
pub struct ReportReader {
    /// The user, who also sees the private ones; `None` for an API key.
    pub user: Option<Uuid>,
    /// Whether it sees the shared ones.
    pub sees_shared: bool,
}

/// Who changes saved reports.
#[derive(Clone, Copy, Debug)]
pub struct ReportWriter {
    /// The user, who may change the own ones.
    pub user: Uuid,
    /// Whether it may also change the shared ones of others.
    pub manages_shared: bool,
}

#[derive(FromRow)]
struct SavedReportRow {
    report_id: Uuid,
    name: String,
    description: Option<String>,
    visibility: String,
    kind: String,
    request: Value,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl ReportVisibility {
    /// Every visibility.
    pub const ALL: [Self; 2] = [Self::Private, Self::Shared];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Shared => "shared",
        }
    }

    fn stored(name: &str) -> Result<Self, ControlPlaneError> {
        let found = Self::ALL.into_iter().find(|visibility| visibility.as_str() == name);
        found.ok_or("unknown").map_err(ControlPlaneError::corrupt("visibility of a report"))
    }
}

impl ReportKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Query,
        Self::Attribution,
        Self::Funnel,
        Self::Retention,
        Self::Sessions,
        Self::Windows,
    ];

    /// Returns the name used in tables and requests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Attribution => "attribution",
            Self::Funnel => "funnel",
            Self::Retention => "retention",
            Self::Sessions => "sessions",
            Self::Windows => "windows",
        }
    }

    fn stored(name: &str) -> Result<Self, ControlPlaneError> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        found.ok_or("unknown").map_err(ControlPlaneError::corrupt("kind of a report"))
    }
}

impl TryFrom<SavedReportRow> for SavedReport {
    type Error = ControlPlaneError;

    fn try_from(row: SavedReportRow) -> Result<Self, ControlPlaneError> {
        Ok(Self {
            report_id: row.report_id,
            name: row.name,
            description: row.description,
            visibility: ReportVisibility::stored(&row.visibility)?,
            kind: ReportKind::stored(&row.kind)?,
            request: row.request,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

impl TenantControl {
    /// Returns saved reports that the reader may see after the id `after`, by id, at most `limit`.
    pub async fn saved_reports(
        &self,
        reader: ReportReader,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Vec<SavedReport>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let rows: Vec<SavedReportRow> = sqlx::query_as(sql!("saved_report/list"))
            .bind(self.client_id().as_str())
            .bind(reader.user)
            .bind(reader.sees_shared)
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&mut transaction)
            .await?;
        transaction.commit().await?;
        rows.into_iter().map(SavedReport::try_from).collect()
    }

    /// Returns one saved report, if it exists and the reader may see it.
    pub async fn saved_report(
        &self,
        reader: ReportReader,
        report_id: Uuid,
    ) -> Result<Option<SavedReport>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<SavedReportRow> = sqlx::query_as(sql!("saved_report/get"))
            .bind(self.client_id().as_str())
            .bind(reader.user)
            .bind(reader.sees_shared)
            .bind(report_id)
            .fetch_optional(&mut transaction)
            .await?;
        transaction.commit().await?;
        row.map(SavedReport::try_from).transpose()
    }

    /// Saves a report. Returns it as it is stored; `None` when the tenant, or for a private one its
    /// author, has as many as the quota allows.
    pub async fn create_saved_report(
        &self,
        actor: &str,
        report: &SavedReport,
        quota: Quota,
    ) -> Result<Option<SavedReport>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        self.lock(&mut transaction).await?;
        let row: Option<SavedReportRow> = sqlx::query_as(sql!("saved_report/create"))
            .bind(self.client_id().as_str())
            .bind(report.report_id)
            .bind(&report.name)
            .bind(report.description.as_deref())
            .bind(report.visibility.as_str())
            .bind(report.kind.as_str())
            .bind(&report.request)
            .bind(report.created_by)
            .bind(report.created_at)
            .bind(i64::from(quota.of_tenant))
            .bind(i64::from(quota.of_user))
            .fetch_optional(&mut transaction)
            .await?;
        self.saved(transaction, actor, "saved_report.create", row).await
    }

    /// Replaces what a report says, except its author and the time of its creation. Returns it as it
    /// is stored; `None` when there is none that the writer may change.
    pub async fn replace_saved_report(
        &self,
        actor: &str,
        writer: ReportWriter,
        report: &SavedReport,
    ) -> Result<Option<SavedReport>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<SavedReportRow> = sqlx::query_as(sql!("saved_report/replace"))
            .bind(self.client_id().as_str())
            .bind(report.report_id)
            .bind(&report.name)
            .bind(report.description.as_deref())
            .bind(report.visibility.as_str())
            .bind(report.kind.as_str())
            .bind(&report.request)
            .bind(report.updated_at)
            .bind(writer.user)
            .bind(writer.manages_shared)
            .fetch_optional(&mut transaction)
            .await?;
        self.saved(transaction, actor, "saved_report.replace", row).await
    }

    /// Deletes a report. Returns it; `None` when there is none that the writer may delete.
    pub async fn delete_saved_report(
        &self,
        actor: &str,
        writer: ReportWriter,
        report_id: Uuid,
    ) -> Result<Option<SavedReport>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let row: Option<SavedReportRow> = sqlx::query_as(sql!("saved_report/delete"))
            .bind(self.client_id().as_str())
            .bind(report_id)
            .bind(writer.user)
            .bind(writer.manages_shared)
            .fetch_optional(&mut transaction)
            .await?;
        self.saved(transaction, actor, "saved_report.delete", row).await
    }

    /// Completes the transaction of a write, with an audit entry if others see the report.
    async fn saved(
        &self,
        mut transaction: Transaction,
        actor: &str,
        action: &str,
        row: Option<SavedReportRow>,
    ) -> Result<Option<SavedReport>, ControlPlaneError> {
        let Some(report) = row.map(SavedReport::try_from).transpose()? else {
            return Ok(None);
        };
        if report.visibility == ReportVisibility::Shared {
            let entry = AuditEntry {
                action,
                client_id: Some(self.client_id()),
                subject: &format!("saved_report:{}", report.report_id),
                detail: json!({ "name": report.name, "kind": report.kind }),
            };
            audit::append(&mut transaction, actor, &entry).await?;
        }
        transaction.commit().await?;
        Ok(Some(report))
    }
}
