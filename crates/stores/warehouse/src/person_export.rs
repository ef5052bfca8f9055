use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::{Row, query::RowCursor};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    EventExport, PersonSearch, TenantWarehouse, WarehouseError,
    driver::{in_time, within},
    export::COLUMNS,
    persons::count_rows,
    statement::{Parameter, Parameters, Statement},
    tenant::QUERY_TIMEOUT,
};

/// How long a search of all rows of a tenant may take: it computes hashes of each.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(600);

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

/// Everything that is stored of some persons: first the rows of their events, then the refused events that name them.
/// The tenant has its place for an export until it is dropped, and no more than a row is kept in memory.
pub struct PersonExport {
    warehouse: TenantWarehouse,
    events: EventExport,
    /// Read once the events are.
    rejects: Option<RowCursor<RejectRow>>,
}

/// A part of what is stored of some persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonPart {
    /// Lines of NDJSON, or parts of them.
    Events(Bytes),
    /// A refused event.
    Reject(NamingReject),
}

impl TenantWarehouse {
    /// Counts the rows of persons. It takes the tenant's place for an export.
    ///
    /// # Errors
    /// An export of the tenant runs, the cluster is unavailable, or the search takes longer than ten minutes.
    pub async fn rows_of_persons(&self, search: &PersonSearch) -> Result<u64, WarehouseError> {
        if search.persons.is_empty() {
            return Ok(0);
        }
        let query = search.bind(self.query(&count_rows())?);
        let query = query.with_setting("max_execution_time", SEARCH_TIMEOUT.as_secs().to_string());
        let _slot = self.export_slot().await?;
        within(SEARCH_TIMEOUT, query.fetch_one::<u64>()).await
    }

    /// Counts the refused events that name a person, as `names` tells of the time of receipt and the bytes of each. It
    /// takes the tenant's place for an export.
    ///
    /// # Errors
    /// An export of the tenant runs, or the cluster is unavailable.
    pub async fn count_rejects_that(
        &self,
        names: impl Fn(DateTime<Utc>, &[u8]) -> bool,
    ) -> Result<u64, WarehouseError> {
        let _slot = self.export_slot().await?;
        let mut rejects = self.all_rejects()?;
        let mut count = 0;
        while next_that(&mut rejects, &names).await?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    /// Begins an export of everything that is stored of some persons, in no order. It takes the tenant's place for an
    /// export.
    ///
    /// # Errors
    /// Another export of the tenant runs, or the cluster is unavailable or refuses the query.
    pub async fn export_persons(
        &self,
        persons: &PersonIds,
    ) -> Result<PersonExport, WarehouseError> {
        let mut parameters = Parameters::default();
        parameters.set("visitors", Parameter::Texts(persons.visitors.clone()));
        parameters.set("customers", Parameter::Texts(persons.customers.clone()));
        let columns = COLUMNS.map(|(column, _)| column).join(",\n    ");
        let sql =
            include_str!("../queries/persons/export_events.sql").replace("{columns}", &columns);
        let events = self.begin_export(&Statement { sql, parameters }, "JSONEachRow").await?;
        Ok(PersonExport { warehouse: self.clone(), events, rejects: None })
    }

    /// Begins to read every refused event of the tenant.
    fn all_rejects(&self) -> Result<RowCursor<RejectRow>, WarehouseError> {
        let query = self.query(include_str!("../queries/persons/named_rejects.sql"))?;
        query.fetch::<RejectRow>().map_err(WarehouseError::from_driver)
    }
}

impl PersonExport {
    /// Returns the next part; `None` at the end. `names` tells of the bytes of a refused event whether they name one of
    /// the persons.
    ///
    /// # Errors
    /// The export is not complete.
    pub async fn next(
        &mut self,
        names: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<PersonPart>, WarehouseError> {
        if self.rejects.is_none() {
            if let Some(part) = self.events.next().await? {
                return Ok(Some(PersonPart::Events(part)));
            }
            self.rejects = Some(self.warehouse.all_rejects()?);
        }
        let Some(rejects) = &mut self.rejects else { return Ok(None) };
        let found =
            next_that(rejects, &|_: DateTime<Utc>, original: &[u8]| names(original)).await?;
        Ok(found.map(PersonPart::Reject))
    }
}

/// Returns the next refused event that names a person.
async fn next_that(
    rejects: &mut RowCursor<RejectRow>,
    names: &impl Fn(DateTime<Utc>, &[u8]) -> bool,
) -> Result<Option<NamingReject>, WarehouseError> {
    while let Some(row) = in_time(QUERY_TIMEOUT, rejects.next()).await? {
        let RejectRow { reject_id, received_at, original } = row;
        if names(received_at, &original) {
            return Ok(Some(NamingReject { reject_id, received_at, original }));
        }
    }
    Ok(None)
}
