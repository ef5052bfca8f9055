use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use clickhouse::{Client, Row, query::Query};
use privacy::{HashPads, PersonHash};
use serde::Deserialize;
use tenancy::{ClientId, Destination, Placement};
use uuid::Uuid;

use crate::{Warehouse, WarehouseError, driver::within};

/// How long one statement may take: a search computes hashes of every row of the tenant.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// How many events one deletion names, and how many rejects.
const PLACES_AT_ONCE: u32 = 5_000;
const REJECTS_AT_ONCE: usize = 2_000;

/// Whether a row is of a person that was erased later than it happened or was received. It is HMAC-SHA256 by its
/// definition, and the time that belongs to the hash; 1970 if no person has it.
const IS_PERSON: &str = "least(event_time, collected_at) < fromUnixTimestamp64Milli({latest:Int64}, 'UTC')
    AND least(event_time, collected_at) < fromUnixTimestamp64Milli(greatest(
        transform(
            hex(SHA256(concat(unhex({outer:String}), SHA256(concat(unhex({inner:String}), 'visitor:', visitor_id))))),
            {hashes:Array(String)}, {befores:Array(Int64)}, toInt64(0)
        ),
        transform(
            hex(SHA256(concat(unhex({outer:String}), SHA256(concat(unhex({inner:String}), 'customer:', customer_id))))),
            {hashes:Array(String)}, {befores:Array(Int64)}, toInt64(0)
        )
    ), 'UTC')";

/// Persons of a tenant whose rows are looked for, by the hashes of their ids.
#[derive(Clone, Debug)]
pub struct PersonSearch {
    /// With which the server computes the hashes.
    pub pads: HashPads,
    /// The persons, each with the time before which rows are its.
    pub persons: Vec<(PersonHash, DateTime<Utc>)>,
}

/// How many rows of persons a database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PersonRows {
    /// Rows of events.
    pub event_rows: u64,
    /// Refused events that name them; copies of one are counted apart.
    pub rejects: u64,
}

#[derive(Row, Deserialize)]
struct RejectRow {
    #[serde(with = "clickhouse::serde::uuid")]
    reject_id: Uuid,
    original: Bytes,
}

impl PersonRows {
    /// Returns whether there are none.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The tables of one tenant under one placement.
struct Tables<'a> {
    writer: Client,
    client_id: &'a ClientId,
}

impl Warehouse {
    /// Counts the rows of persons where a placement puts them; none if the database does not exist. `names` tells
    /// whether the bytes of a refused event name one of the persons.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn person_rows(
        &self,
        placement: &Placement,
        client_id: &ClientId,
        search: &PersonSearch,
        names: &(impl Fn(&[u8]) -> bool + Sync),
    ) -> Result<PersonRows, WarehouseError> {
        let destination = placement.destination(client_id);
        let Some(tables) = self.tables(&destination, client_id).await? else {
            return Ok(PersonRows::default());
        };
        if search.persons.is_empty() {
            return Ok(PersonRows::default());
        }
        let count = search.bind(tables.query(&count_rows())).fetch_one::<u64>();
        let event_rows = within(STATEMENT_TIMEOUT, count).await?;
        let rejects = tables.rejects(search, names).await?.len() as u64;
        Ok(PersonRows { event_rows, rejects })
    }

    /// Deletes the rows of persons where a placement puts them, rollups included, and returns when that is done.
    /// Returns `false`, with some rows left, when such a deletion of the tenant runs already: repeat it later.
    ///
    /// # Errors
    /// ClickHouse is unavailable, or a deletion takes longer than ten minutes; it continues in the background.
    pub async fn erase_persons(
        &self,
        placement: &Placement,
        client_id: &ClientId,
        search: &PersonSearch,
        names: &(impl Fn(&[u8]) -> bool + Sync),
    ) -> Result<bool, WarehouseError> {
        let destination = placement.destination(client_id);
        let Some(tables) = self.tables(&destination, client_id).await? else {
            return Ok(true);
        };
        if search.persons.is_empty() {
            return Ok(true);
        }
        let sql = include_str!("../queries/platform/persons_are_being_deleted.sql");
        if within(STATEMENT_TIMEOUT, tables.query(sql).fetch_one::<bool>()).await? {
            return Ok(false);
        }
        while tables.delete_some_rows(search).await? {}
        let rejects = tables.rejects(search, names).await?;
        for some in rejects.chunks(REJECTS_AT_ONCE) {
            tables.delete_rejects(some).await?;
        }
        Ok(true)
    }

    /// Returns the tenant's tables, if they exist.
    async fn tables<'a>(
        &self,
        destination: &Destination,
        client_id: &'a ClientId,
    ) -> Result<Option<Tables<'a>>, WarehouseError> {
        let server = self.cluster(&destination.cluster)?.server();
        let exists = server.query_raw(include_str!("../queries/platform/has_tables.sql"));
        let exists = exists.param("database", &destination.database).fetch_one::<bool>();
        let exists = within(STATEMENT_TIMEOUT, exists).await?;
        let writer = self.writer(destination)?;
        Ok(exists.then_some(Tables { writer, client_id }))
    }
}

impl Tables<'_> {
    fn query(&self, sql: &str) -> Query {
        self.writer.query_raw(sql).param("client_id", self.client_id.as_str())
    }

    /// Deletes the rows of some events. Returns whether there were any.
    async fn delete_some_rows(&self, search: &PersonSearch) -> Result<bool, WarehouseError> {
        let sql = include_str!("../queries/persons/places.sql").replace("{is_person}", IS_PERSON);
        let places = search.bind(self.query(&sql)).param("limit", PLACES_AT_ONCE);
        let places: Vec<(u16, u16, u64)> = within(STATEMENT_TIMEOUT, places.fetch_all()).await?;
        let offsets: Vec<_> = places.iter().map(|(_, _, offset)| *offset).collect();
        let (Some(first), Some(last)) = (offsets.iter().min(), offsets.iter().max()) else {
            return Ok(false);
        };
        let kgens: Vec<_> = places.iter().map(|(kgen, _, _)| *kgen).collect();
        let partitions: Vec<_> = places.iter().map(|(_, partition, _)| *partition).collect();
        let delete = self
            .query(include_str!("../queries/persons/delete_places.sql"))
            .param("first", first)
            .param("last", last)
            .param("kgens", kgens)
            .param("partitions", partitions)
            .param("offsets", &offsets)
            .with_setting("mutations_sync", "2");
        within(STATEMENT_TIMEOUT, delete.execute()).await?;
        Ok(true)
    }

    /// Returns the refused events that name a person.
    async fn rejects(
        &self,
        search: &PersonSearch,
        names: &(impl Fn(&[u8]) -> bool + Sync),
    ) -> Result<Vec<Uuid>, WarehouseError> {
        let query = self.query(include_str!("../queries/persons/rejects.sql"));
        let query = query.param("before", search.latest());
        within(STATEMENT_TIMEOUT, async {
            let mut rows = query.fetch::<RejectRow>()?;
            let mut found = Vec::new();
            while let Some(row) = rows.next().await? {
                if names(&row.original) {
                    found.push(row.reject_id);
                }
            }
            Ok(found)
        })
        .await
    }

    async fn delete_rejects(&self, ids: &[Uuid]) -> Result<(), WarehouseError> {
        let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
        let delete = self.query(include_str!("../queries/persons/delete_rejects.sql"));
        let delete = delete.param("ids", ids).with_setting("mutations_sync", "2");
        within(STATEMENT_TIMEOUT, delete.execute()).await
    }
}

/// Returns the statement that counts the rows of persons.
pub(crate) fn count_rows() -> String {
    include_str!("../queries/persons/count_rows.sql").replace("{is_person}", IS_PERSON)
}

impl PersonSearch {
    /// The last time before which a row is of any of the persons, in milliseconds since 1970.
    fn latest(&self) -> i64 {
        self.persons.iter().map(|(_, before)| before.timestamp_millis()).max().unwrap_or_default()
    }

    pub(crate) fn bind(&self, query: Query) -> Query {
        let hashes: Vec<_> =
            self.persons.iter().map(|(hash, _)| hash.to_string().to_uppercase()).collect();
        let befores: Vec<_> =
            self.persons.iter().map(|(_, before)| before.timestamp_millis()).collect();
        query
            .param("inner", hex::encode(self.pads.inner))
            .param("outer", hex::encode(self.pads.outer))
            .param("hashes", hashes)
            .param("befores", befores)
            .param("latest", self.latest())
    }
}
