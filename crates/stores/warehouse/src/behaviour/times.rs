use std::ops::Range;

use chrono::{DateTime, Utc};
use clickhouse::Row;
use metrics::{EventTest, Filter};
use serde::Deserialize;

use super::{EventKey, Local, milliseconds};
use crate::{
    TenantWarehouse, WarehouseError,
    statement::{Parameters, Statement, condition},
};

/// Which events sessions are made of.
#[derive(Clone, Debug)]
pub struct TimeQuery<'a> {
    /// The time of the events.
    pub time: Range<DateTime<Utc>>,
    /// When sessions begin: the time of the events without a key that are counted.
    pub begun: Range<DateTime<Utc>>,
    /// What events of a session have in common.
    pub key: EventKey,
    /// The time zone of hours and weekdays, and the currency of events without one.
    pub local: Local,
    /// Only events for which it holds.
    pub filter: &'a Filter<EventTest>,
}

#[derive(Row, Deserialize)]
struct TimesRow {
    without_key: u64,
    times: Vec<i64>,
}

impl TenantWarehouse {
    /// Hands over the times of each key's events as they arrive, ascending, in milliseconds since 1970.
    /// Returns the number of events without a key.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn times(
        &self,
        query: &TimeQuery<'_>,
        mut each: impl FnMut(&[i64]),
    ) -> Result<u64, WarehouseError> {
        let mut without_key = 0;
        let statement = query.statement(include_str!("../../queries/times.sql"));
        self.for_each(&statement, |row: TimesRow| {
            without_key += row.without_key;
            let mut times = row.times;
            if !times.is_empty() {
                times.sort_unstable();
                each(&times);
            }
        })
        .await?;
        Ok(without_key)
    }
}

impl TimeQuery<'_> {
    /// Returns the statement that a template makes of the query.
    pub(super) fn statement(&self, template: &'static str) -> Statement {
        let mut parameters = Parameters::default();
        let condition = condition(self.filter, &mut parameters);
        parameters.set("from", milliseconds(self.time.start));
        parameters.set("to", milliseconds(self.time.end));
        parameters.set("begun_from", milliseconds(self.begun.start));
        parameters.set("begun_to", milliseconds(self.begun.end));
        self.local.set(&mut parameters);
        let sql = template.replace("{key}", self.key.column()).replace("{condition}", &condition);
        Statement { sql, parameters }
    }
}
