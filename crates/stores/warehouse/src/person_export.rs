use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    EventExport, PersonSearch, TenantWarehouse, WarehouseError,
    driver::within,
    export::COLUMNS,
    persons::count_rows,
    statement::{Parameter, Parameters, Statement},
    tenant::QUERY_TIMEOUT,
};

/// Persons whose rows are exported.
#[derive(Clone, Debug, Default)]
pub struct PersonIds {
    /// Ids of visitors.
    pub visitors: Vec<String>,
    /// Ids of customers.
    pub customers: Vec<String>,
}

/// A refused event that names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingReject {
    /// Its id.
    pub reject_id: Uuid,
    /// When the collector received it.
    pub received_at: DateTime<Utc>,
    /// The bytes that were sent.
    pub original: Bytes,
}

#[derive(Row, Deserialize)]
struct RejectRow {
    #[serde(with = "clickhouse::serde::uuid")]
    reject_id: Uuid,
    #[serde(with = "clickhouse::serde::chrono::datetime64::millis")]
    received_at: DateTime<Utc>,
    original: Bytes,
}

impl TenantWarehouse {
    /// Counts the rows of persons, as a report.
    ///
    /// # Errors
    /// The cluster is unavailable, the tenant runs as many reports as it may, or the search takes longer than one may.
    pub async fn rows_of_persons(&self, search: &PersonSearch) -> Result<u64, WarehouseError> {
        if search.persons.is_empty() {
            return Ok(0);
        }
        let rows: Vec<u64> = self.run(&count_rows(), |query| search.bind(query)).await?;
        Ok(rows.into_iter().sum())
    }

    /// Begins an export of every row of some persons, as NDJSON, in no order. It takes the tenant's place for an
    /// export.
    ///
    /// # Errors
    /// Another export of the tenant runs, or the cluster is unavailable or refuses the query.
    pub async fn export_persons(&self, persons: &PersonIds) -> Result<EventExport, WarehouseError> {
        let mut parameters = Parameters::default();
        parameters.set("visitors", Parameter::Texts(persons.visitors.clone()));
        parameters.set("customers", Parameter::Texts(persons.customers.clone()));
        let columns = COLUMNS.map(|(column, _)| column).join(",\n    ");
        let sql =
            include_str!("../queries/persons/export_events.sql").replace("{columns}", &columns);
        self.begin_export(&Statement { sql, parameters }, "JSONEachRow").await
    }

    /// Returns the refused events that name a person, as `names` tells of the time of receipt and the bytes
    /// of each.
    ///
    /// # Errors
    /// The cluster is unavailable, or the tenant runs as many reports as it may.
    pub async fn rejects_that(
        &self,
        names: impl Fn(DateTime<Utc>, &[u8]) -> bool,
    ) -> Result<Vec<NamingReject>, WarehouseError> {
        let sql = include_str!("../queries/persons/named_rejects.sql");
        let query = self.query(sql)?;
        let _slot = self.slot().await?;
        let mut found = Vec::new();
        within(QUERY_TIMEOUT, async {
            let mut rows = query.fetch::<RejectRow>()?;
            while let Some(RejectRow { reject_id, received_at, original }) = rows.next().await? {
                if names(received_at, &original) {
                    found.push(NamingReject { reject_id, received_at, original });
                }
            }
            Ok(())
        })
        .await?;
        Ok(found)
    }
}
