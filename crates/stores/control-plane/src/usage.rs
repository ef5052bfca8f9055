use std::{collections::BTreeMap, ops::RangeInclusive, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use tenancy::ClientId;

use crate::{ControlPlane, ControlPlaneError, PlatformControl, TenantControl, pool::Transaction};

/// What a tenant used, as far as the processes count it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageCount {
    /// Reports and exports that ran in ClickHouse.
    pub reports: u64,
    /// How long live streams were open, all of them together.
    pub streams: Duration,
}

/// The counts of a tenant, by day of its clock. Days without any are absent.
pub type UsageDays = BTreeMap<NaiveDate, UsageCount>;

#[derive(FromRow)]
struct UsageRow {
    day: NaiveDate,
    reports: i64,
    stream_milliseconds: i64,
}

impl ControlPlane {
    /// Adds what each tenant used to the day that its clock reads at `now`, all or nothing.
    pub async fn add_usage(
        &self,
        counts: &BTreeMap<ClientId, UsageCount>,
        now: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        let tenants: Vec<_> = counts.keys().map(ClientId::as_str).collect();
        let reports: Vec<_> = counts.values().map(|count| count.reports.cast_signed()).collect();
        let streams: Vec<_> = counts.values().map(|count| milliseconds(count.streams)).collect();
        let mut transaction = self.begin_platform().await?;
        sqlx::query(sql!("usage/add"))
            .bind(tenants)
            .bind(reports)
            .bind(streams)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }
}

impl TenantControl {
    /// Returns what the tenant used on these days.
    pub async fn usage(
        &self,
        days: &RangeInclusive<NaiveDate>,
    ) -> Result<UsageDays, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let usage = list(&mut transaction, self.client_id(), days).await?;
        transaction.commit().await?;
        Ok(usage)
    }
}

impl PlatformControl {
    /// Returns what a tenant used on these days.
    pub async fn usage(
        &self,
        client_id: &ClientId,
        days: &RangeInclusive<NaiveDate>,
    ) -> Result<UsageDays, ControlPlaneError> {
        let mut transaction = self.begin().await?;
        let usage = list(&mut transaction, client_id, days).await?;
        transaction.commit().await?;
        Ok(usage)
    }
}

async fn list(
    transaction: &mut Transaction,
    client_id: &ClientId,
    days: &RangeInclusive<NaiveDate>,
) -> Result<UsageDays, ControlPlaneError> {
    let rows: Vec<UsageRow> = sqlx::query_as(sql!("usage/list"))
        .bind(client_id.as_str())
        .bind(days.start())
        .bind(days.end())
        .fetch_all(transaction)
        .await?;
    let count = |row: UsageRow| {
        let streams = Duration::from_millis(row.stream_milliseconds.cast_unsigned());
        (row.day, UsageCount { reports: row.reports.cast_unsigned(), streams })
    };
    Ok(rows.into_iter().map(count).collect())
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
