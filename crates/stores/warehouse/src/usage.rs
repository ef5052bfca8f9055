use std::{collections::BTreeMap, ops::Range, time::Duration};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use clickhouse::query::Query;
use tenancy::{ClientId, Destination};

use crate::{TenantWarehouse, Warehouse, WarehouseError, driver::within};

/// How long a statement of the platform may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(60);

const EVENTS: &str = include_str!("../queries/usage_events.sql");
const REJECTS: &str = include_str!("../queries/usage_rejects.sql");

/// What a tenant sent on one local day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DayUsage {
    /// Accepted events that are stored. Re-sends are none.
    pub events: u64,
    /// Their rows: one for each item, at least one for each event.
    pub rows: u64,
    /// The bytes of the rows before compression.
    pub bytes: u64,
    /// Refused events.
    pub rejects: u64,
    /// Events that were accepted and then set aside.
    pub set_aside: u64,
    /// The bytes of refused and set-aside events, as they were sent.
    pub reject_bytes: u64,
}

/// Which days of a tenant to count.
#[derive(Clone, Debug)]
pub struct UsageQuery {
    /// The time in which the log received events, and the collector received rejects.
    pub received: Range<DateTime<Utc>>,
    /// The zone whose clock the days follow.
    pub zone: Tz,
}

type EventRow = (String, u64, u64, u64);
type RejectRow = (String, u64, u64, u64);

impl TenantWarehouse {
    /// Counts what the tenant sent, by local day. Days without anything are absent. The numbers are
    /// counted in the rows themselves, which the reconciliation compares with the ledger.
    ///
    /// # Errors
    /// ClickHouse is unavailable, or the time is too long.
    pub async fn usage(
        &self,
        query: &UsageQuery,
    ) -> Result<BTreeMap<NaiveDate, DayUsage>, WarehouseError> {
        let events: Vec<EventRow> = self.fetch(EVENTS, |statement| query.bind(statement)).await?;
        let rejects: Vec<RejectRow> =
            self.fetch(REJECTS, |statement| query.bind(statement)).await?;
        by_day(events, rejects)
    }
}

impl Warehouse {
    /// Does the same for the platform, which sees counts and no row.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn usage(
        &self,
        destination: &Destination,
        client_id: &ClientId,
        query: &UsageQuery,
    ) -> Result<BTreeMap<NaiveDate, DayUsage>, WarehouseError> {
        let writer = self.writer(destination)?;
        let statement =
            |sql| query.bind(writer.query_raw(sql)).param("client_id", client_id.as_str());
        let events = statement(EVENTS).fetch_all::<EventRow>();
        let events = within(STATEMENT_TIMEOUT, events).await?;
        let rejects = statement(REJECTS).fetch_all::<RejectRow>();
        let rejects = within(STATEMENT_TIMEOUT, rejects).await?;
        by_day(events, rejects)
    }

    /// Returns the bytes on disk of a tenant's rows. In shared tables it is the tenant's share by rows.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn stored_bytes(
        &self,
        destination: &Destination,
        client_id: &ClientId,
    ) -> Result<u64, WarehouseError> {
        let sql = include_str!("../queries/platform/stored_bytes.sql");
        let query = self.writer(destination)?.query_raw(sql);
        let query = query.param("client_id", client_id.as_str());
        within(STATEMENT_TIMEOUT, query.fetch_one()).await
    }

    /// Returns how many reports and exports of each tenant have run in this process since the last
    /// call, and forgets them.
    pub fn take_report_counts(&self) -> BTreeMap<ClientId, u64> {
        let mut counts = self.shared.query_slots.take_counts();
        for (client_id, count) in self.shared.export_slots.0.take_counts() {
            *counts.entry(client_id).or_default() += count;
        }
        counts
    }
}

impl UsageQuery {
    fn bind(&self, query: Query) -> Query {
        query
            .param("from", self.received.start.timestamp_millis())
            .param("to", self.received.end.timestamp_millis())
            .param("tz", self.zone.name())
    }
}

fn by_day(
    events: Vec<EventRow>,
    rejects: Vec<RejectRow>,
) -> Result<BTreeMap<NaiveDate, DayUsage>, WarehouseError> {
    let mut days = BTreeMap::<NaiveDate, DayUsage>::new();
    for (day, events, rows, bytes) in events {
        let usage = days.entry(parse(&day)?).or_default();
        (usage.events, usage.rows, usage.bytes) = (events, rows, bytes);
    }
    for (day, rejects, set_aside, bytes) in rejects {
        let usage = days.entry(parse(&day)?).or_default();
        (usage.rejects, usage.set_aside, usage.reject_bytes) = (rejects, set_aside, bytes);
    }
    Ok(days)
}

fn parse(day: &str) -> Result<NaiveDate, WarehouseError> {
    day.parse().map_err(|error: chrono::ParseError| WarehouseError::Refused(error.into()))
}
