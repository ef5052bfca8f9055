use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clickhouse::{Client, Row, query::Query};
use serde::Deserialize;
use tenancy::{ClientId, Destination};
use uuid::Uuid;

use crate::{
    Warehouse, WarehouseError,
    campaign::{seconds, start},
    driver::within,
};

/// How long one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// A day on which the log received rows of a tenant that have expired and are still stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpiredDay {
    /// Its start, in UTC.
    pub start: DateTime<Utc>,
    /// Whether its rollups are kept.
    pub is_kept: bool,
    /// Whether they are for as long as a report may take to learn it: then no report reads the rows.
    pub is_settled: bool,
}

#[derive(Row, Deserialize)]
struct DayRow {
    start: u32,
    is_kept: bool,
    is_settled: bool,
}

impl ExpiredDay {
    /// Returns its end, excluded.
    pub fn end(self) -> DateTime<Utc> {
        self.start + TimeDelta::days(1)
    }
}

impl Warehouse {
    /// Returns the days before `horizon` on which the log received rows of a tenant that are still stored, in
    /// order. A day is settled when its rollups are kept for longer than `settles_after`.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn expired_days(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        horizon: DateTime<Utc>,
        settles_after: Duration,
    ) -> Result<Vec<ExpiredDay>, WarehouseError> {
        let sql = include_str!("../../queries/platform/expired_days.sql");
        let query = self.writer(destination)?.query_raw(sql);
        let query = query
            .param("client_id", client_id.as_str())
            .param("horizon", horizon.timestamp_millis())
            .param("settles_after", u32::try_from(settles_after.as_secs()).unwrap_or(u32::MAX));
        let rows = within(STATEMENT_TIMEOUT, query.fetch_all::<DayRow>()).await?;
        let day = |DayRow { start: seconds, is_kept, is_settled }| ExpiredDay {
            start: start(seconds),
            is_kept,
            is_settled,
        };
        Ok(rows.into_iter().map(day).collect())
    }

    /// Keeps the rollups of a day of a tenant's rows, to which none may be added any more. They count once they
    /// equal the rows; an attempt that fails before leaves sums that nothing reads, and another one begins again.
    /// Returns `false` if the rows have changed meanwhile.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn keep_day(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        day: ExpiredDay,
    ) -> Result<bool, WarehouseError> {
        let writer = self.writer(destination)?;
        let attempt = Attempt { writer, client_id, day: day.start, id: Uuid::now_v7() };
        let keep = attempt.query(include_str!("../../queries/platform/keep_rollups.sql"));
        within(STATEMENT_TIMEOUT, keep.execute()).await?;
        let equals = attempt.query(include_str!("../../queries/platform/kept_equals_rows.sql"));
        if !within(STATEMENT_TIMEOUT, equals.fetch_one::<bool>()).await? {
            return Ok(false);
        }
        within(STATEMENT_TIMEOUT, attempt.mark().execute()).await?;
        Ok(true)
    }
}

/// One attempt to keep the rollups of a day in one set of tables.
pub(crate) struct Attempt<'a> {
    pub(crate) writer: Client,
    pub(crate) client_id: &'a ClientId,
    /// The start of the day.
    pub(crate) day: DateTime<Utc>,
    pub(crate) id: Uuid,
}

impl Attempt<'_> {
    /// Returns a statement about the attempt.
    pub(crate) fn query(&self, sql: &'static str) -> Query {
        self.writer
            .query_raw(sql)
            .param("client_id", self.client_id.as_str())
            .param("from", seconds(self.day))
            .param("to", seconds(self.day + TimeDelta::days(1)))
            .param("attempt", self.id.to_string())
    }

    /// Returns the statement that makes its sums count.
    pub(crate) fn mark(&self) -> Query {
        self.query(include_str!("../../queries/platform/keep_day.sql"))
    }
}
