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

/// Which events retention is about.
#[derive(Clone, Debug)]
pub struct ReturnQuery<'a> {
    /// When a key's first event must be.
    pub first_in: Range<DateTime<Utc>>,
    /// From when on events are looked at: an earlier event of a key is its first one.
    pub since: DateTime<Utc>,
    /// Until when events are looked at.
    pub until: DateTime<Utc>,
    /// What events of one user have in common.
    pub key: EventKey,
    /// The time zone of hours and weekdays, and the currency of events without one.
    pub local: Local,
    /// The test of first events.
    pub first: &'a Filter<EventTest>,
    /// The test of returns.
    pub returns: &'a Filter<EventTest>,
    /// Only events for which it holds.
    pub filter: &'a Filter<EventTest>,
}

/// When a key first did something, and when it returned, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyReturns {
    /// Its first event.
    pub first: i64,
    /// Its returns, ascending, each time once.
    pub returns: Vec<i64>,
}

#[derive(Row, Deserialize)]
struct ReturnRow {
    first: i64,
    returns: Vec<i64>,
}

impl TenantWarehouse {
    /// Hands over the returns of each key as they arrive. Events without a key are left out.
    ///
    /// # Errors
    /// The query is too expensive, or the cluster is unavailable.
    pub async fn returns(
        &self,
        query: &ReturnQuery<'_>,
        mut each: impl FnMut(KeyReturns),
    ) -> Result<(), WarehouseError> {
        self.for_each(&query.statement(), |row: ReturnRow| {
            let ReturnRow { first, mut returns } = row;
            returns.sort_unstable();
            each(KeyReturns { first, returns });
        })
        .await
    }
}

impl ReturnQuery<'_> {
    fn statement(&self) -> Statement {
        let mut parameters = Parameters::default();
        let first = condition(self.first, &mut parameters);
        let returns = condition(self.returns, &mut parameters);
        let condition = condition(self.filter, &mut parameters);
        parameters.set("from", milliseconds(self.first_in.start));
        parameters.set("to", milliseconds(self.first_in.end));
        parameters.set("since", milliseconds(self.since));
        parameters.set("until", milliseconds(self.until));
        self.local.set(&mut parameters);
        let sql = include_str!("../../queries/returns.sql")
            .replace("{key}", self.key.column())
            .replace("{first}", &first)
            .replace("{return}", &returns)
            .replace("{condition}", &condition);
        Statement { sql, parameters }
    }
}
