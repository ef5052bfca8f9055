use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, postgres::PgRow, query::QueryAs};
use tenancy::ClientId;

use crate::{
    AuditEntry, ControlPlaneError, PlatformControl, TenantControl, audit, pool::Transaction,
};

/// A row of the audit log.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct AuditRecord {
    /// Its number; ascends with every row.
    pub audit_id: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Who did it: `user:<id>`, `key:<id>`, `command line`, `processor`, or `anonymous`.
    pub actor: String,
    /// The action.
    pub action: String,
    /// The tenant it concerns.
    pub client_id: Option<String>,
    /// The object of the action.
    pub subject: String,
    /// Further details.
    pub detail: Value,
    /// The network address of the client.
    pub address: Option<String>,
    /// The id of the request.
    pub request_id: Option<String>,
}

/// Which rows of the audit log to list. An absent condition holds for all.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Those of this actor.
    pub actor: Option<String>,
    /// Those of this action.
    pub action: Option<String>,
    /// Those at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Those before this time.
    pub to: Option<DateTime<Utc>>,
}

impl PlatformControl {
    /// Adds a row to the audit log.
    pub async fn audit(&self, entry: &AuditEntry<'_>) -> Result<(), ControlPlaneError> {
        let mut transaction = self.begin().await?;
        audit::append(&mut transaction, self.actor(), entry).await?;
        Ok(transaction.commit().await?)
    }

    /// Returns rows of the audit log before `before`, latest first, at most `limit`.
    pub async fn audit_log(
        &self,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<AuditRecord>, ControlPlaneError> {
        self.audit_log_of(None, &AuditFilter::default(), before, limit).await
    }

    /// Does the same with a filter, and of one tenant if there is one.
    pub async fn audit_log_of(
        &self,
        client_id: Option<&ClientId>,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<AuditRecord>, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let query = sqlx::query_as(sql!("audit/list"));
        let query = bind(query, client_id, filter, before, limit);
        let records = query.fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(records)
    }
}

impl TenantControl {
    /// Returns rows of the audit log about the tenant before `before`, latest first, at most `limit`.
    pub async fn audit_log(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u16,
    ) -> Result<Vec<AuditRecord>, ControlPlaneError> {
        let mut transaction: Transaction = self.begin().await?;
        let query = sqlx::query_as(sql!("audit/list_of_tenant"));
        let query = bind(query, Some(self.client_id()), filter, before, limit);
        let records = query.fetch_all(&mut transaction).await?;
        transaction.commit().await?;
        Ok(records)
    }
}

type AuditQuery<'q> = QueryAs<'q, sqlx::Postgres, AuditRecord, sqlx::postgres::PgArguments>;

fn bind<'q>(
    query: AuditQuery<'q>,
    client_id: Option<&'q ClientId>,
    filter: &'q AuditFilter,
    before: Option<i64>,
    limit: u16,
) -> AuditQuery<'q>
where
    AuditRecord: for<'r> FromRow<'r, PgRow>,
{
    query
        .bind(before)
        .bind(i64::from(limit))
        .bind(client_id.map(ClientId::as_str))
        .bind(filter.actor.as_deref())
        .bind(filter.action.as_deref())
        .bind(filter.from)
        .bind(filter.to)
}
