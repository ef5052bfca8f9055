use std::ops::Range;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::query::BytesCursor;
use metrics::{EventTest, Filter};

use crate::{
    Local, TenantWarehouse, WarehouseError,
    behaviour::milliseconds,
    driver::{in_time, within},
    query_slots::QuerySlot,
    statement::{Parameters, Statement, condition},
    tenant::QUERY_TIMEOUT,
};

/// Which events to export.
#[derive(Clone, Debug)]
pub struct ExportQuery<'a> {
    /// The time of the events.
    pub time: Range<DateTime<Utc>>,
    /// The time zone of hours and weekdays, and the currency of events without one.
    pub local: Local,
    /// Only events for which it holds.
    pub filter: &'a Filter<EventTest>,
    /// The form of the file.
    pub format: ExportFormat,
}

/// The form of a file of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON object a line.
    Ndjson,
    /// RFC 4180, with a header. Texts that begin like a formula have an apostrophe in front.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// An Apache Arrow IPC file.
    Arrow,
}

/// A file of events, as ClickHouse writes it. The tenant has its place for an export until it is dropped.
pub struct EventExport {
    first: Option<Bytes>,
    cursor: BytesCursor,
    _slot: QuerySlot,
}

/// The columns of a file, and whether they are texts of the sender.
pub(crate) const COLUMNS: [(&str, bool); 35] = [
    ("event_id", false),
    ("event_type", true),
    ("event_time", false),
    ("received_at", false),
    ("kline AS line", false),
    ("campaign_id", true),
    ("ad_id", true),
    ("creative_id", true),
    ("placement", true),
    ("page_type", true),
    ("keyword", true),
    ("viewable", false),
    ("visitor_id", true),
    ("session_id", true),
    ("customer_id", true),
    ("product_id", true),
    ("parent_sku", true),
    ("brand", true),
    ("category", true),
    ("quantity", false),
    ("price", false),
    ("line_total", false),
    ("order_id", true),
    ("currency", true),
    ("cost", false),
    ("revenue", false),
    ("sales", false),
    ("url", true),
    ("referrer", true),
    ("user_agent", true),
    ("device", true),
    ("country", true),
    ("event_time_sent", false),
    ("collected_at", false),
    ("properties", true),
];

impl TenantWarehouse {
    /// Begins an export. A tenant has one at a time, and a process two in each cluster.
    ///
    /// # Errors
    /// Another export of the tenant runs, or the cluster is unavailable or refuses the query.
    pub async fn export(&self, query: &ExportQuery<'_>) -> Result<EventExport, WarehouseError> {
        self.begin_export(&query.statement(), query.format.clickhouse()).await
    }

    /// Begins an export of what a statement finds, in a format of ClickHouse.
    pub(crate) async fn begin_export(
        &self,
        statement: &Statement,
        format: &str,
    ) -> Result<EventExport, WarehouseError> {
        let slot = self.export_slot().await?;
        let request = statement.bind(self.query(&statement.sql)?);
        let mut cursor = request.fetch_bytes(format).map_err(WarehouseError::from_driver)?;
        // An error before the first byte has a status of its own; behind it, the file breaks off.
        let first = within(QUERY_TIMEOUT, cursor.next()).await?;
        Ok(EventExport { first, cursor, _slot: slot })
    }
}

impl EventExport {
    /// Returns the next part of the file; `None` at its end.
    ///
    /// # Errors
    /// The file is not complete.
    pub async fn next(&mut self) -> Result<Option<Bytes>, WarehouseError> {
        match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => in_time(QUERY_TIMEOUT, self.cursor.next()).await,
        }
    }
}

impl ExportQuery<'_> {
    fn statement(&self) -> Statement {
        let mut parameters = Parameters::default();
        let condition = condition(self.filter, &mut parameters);
        parameters.set("from", milliseconds(self.time.start));
        parameters.set("to", milliseconds(self.time.end));
        self.local.set(&mut parameters);
        let columns = COLUMNS.map(|(column, is_text)| match self.format {
            // OWASP: CSV injection.
            ExportFormat::Csv if is_text => format!(
                "if(match(toString({column}), '^[=+\\\\-@\\\\t\\\\r]'), concat('\\'', {column}), {column}) AS {column}"
            ),
            // Readers of Arrow would show its bytes.
            ExportFormat::Arrow if column == "event_id" => format!("toString({column}) AS {column}"),
            _ => column.to_owned(),
        });
        let sql = include_str!("../queries/export_events.sql")
            .replace("{columns}", &columns.join(",\n    "))
            .replace("{condition}", &condition);
        Statement { sql, parameters }
    }
}

impl ExportFormat {
    const fn clickhouse(self) -> &'static str {
        match self {
            Self::Ndjson => "JSONEachRow",
            Self::Csv => "CSVWithNames",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        }
    }
}
