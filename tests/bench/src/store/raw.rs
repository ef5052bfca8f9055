use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream::iter};
use tenancy::Destination;
use tokio::time::Instant;

use super::Stored;
use crate::{
    Failure,
    clickhouse::{ClickHouse, all_merged},
    measure::{Meter, servers},
};

/// Rows of one insert.
const BLOCK: u64 = 100_000;

/// Inserts in flight.
const AT_ONCE: usize = 2;

/// The database of the empty copies.
const DATABASE: &str = "bench_raw";

/// The rows that the store sink inserted, as blocks in ClickHouse's Native format, ready to send.
///
/// A block holds successive rows of the log in the order of the table, as an insert of the store
/// sink does.
pub(crate) struct Blocks {
    tables: Vec<Copy>,
    rows: u64,
}

/// An empty copy of a table, and the blocks for it.
struct Copy {
    server: ClickHouse,
    original: String,
    rows: u64,
    blocks: Vec<Bytes>,
}

impl Blocks {
    /// Reads the rows of the tenants from these tables.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn read(destinations: &[(Destination, Vec<String>)]) -> Result<Self, Failure> {
        let mut all = Self { tables: Vec::new(), rows: 0 };
        for (Destination { cluster, database }, tenants) in destinations {
            let server = ClickHouse::of(cluster.as_str());
            let original = format!("{database}.events");
            let of_tenants = format!("client_id IN ('{}')", tenants.join("', '"));
            let count = format!("SELECT count() FROM {original} WHERE {of_tenants}");
            let rows = server.number(count).await?;
            let mut blocks = Vec::new();
            for first in (0..rows).step_by(usize::try_from(BLOCK)?) {
                let block = format!(
                    "SELECT * FROM (\
                       SELECT * FROM {original} WHERE {of_tenants} \
                       ORDER BY kpart, koff, kline LIMIT {BLOCK} OFFSET {first}) \
                     ORDER BY client_id, event_type, campaign_id, event_time, koff, kline \
                     FORMAT Native SETTINGS max_block_size = {BLOCK}"
                );
                blocks.push(server.read(block).await?);
            }
            all.rows += rows;
            all.tables.push(Copy { server, original, rows, blocks });
        }
        Ok(all)
    }

    /// Inserts all blocks into empty copies of their tables, and removes the copies.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn insert(&self) -> Result<Stored, Failure> {
        let stored = self.insert_into(&[]).await?;
        self.remove().await?;
        Ok(stored)
    }

    /// Inserts all blocks, two at a time, into empty copies of their tables that were altered by these
    /// changes.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn insert_into(&self, changes: &[&str]) -> Result<Stored, Failure> {
        for (number, copy) in self.tables.iter().enumerate() {
            copy.create(number).await?;
            for change in changes {
                copy.server.run(format!("ALTER TABLE {} {change}", name(number))).await?;
            }
        }
        all_merged().await?;
        let inserts: Vec<_> = self
            .tables
            .iter()
            .enumerate()
            .flat_map(|(number, copy)| copy.blocks.iter().map(move |block| (number, copy, block)))
            .map(async |(number, copy, block)| {
                let statement = format!("INSERT INTO {} FORMAT Native", name(number));
                copy.server.insert(&statement, block.clone()).await
            })
            .collect();
        let meter = Meter::start(servers());
        let began = Instant::now();
        iter(inserts).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        let rate = self.rows as f64 / began.elapsed().as_secs_f64();
        all_merged().await?;
        Ok(Stored { rows: self.rows, rate, cpu: meter.read(), memory: f64::NAN })
    }

    /// Removes the copies.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn remove(&self) -> Result<(), Failure> {
        for copy in &self.tables {
            copy.server.run(format!("DROP DATABASE IF EXISTS {DATABASE} SYNC")).await?;
        }
        Ok(())
    }

    /// Returns how many bytes the copies have on disk.
    ///
    /// # Errors
    /// A server fails.
    pub(crate) async fn bytes_on_disk(&self) -> Result<u64, Failure> {
        let mut bytes = 0;
        for (number, copy) in self.tables.iter().enumerate() {
            let sum = format!(
                "SELECT sum(bytes_on_disk) FROM system.parts \
                 WHERE active AND database = '{DATABASE}' AND table = 'events_{number}'"
            );
            bytes += copy.server.number(sum).await?;
        }
        Ok(bytes)
    }

    /// Returns the copy with the most rows: its server and its name.
    pub(crate) fn largest(&self) -> Option<(&ClickHouse, String)> {
        let tables = self.tables.iter().enumerate();
        let (number, copy) = tables.max_by_key(|(_, copy)| copy.rows)?;
        Some((&copy.server, name(number)))
    }
}

impl Copy {
    async fn create(&self, number: usize) -> Result<(), Failure> {
        self.server.run(format!("CREATE DATABASE IF NOT EXISTS {DATABASE}")).await?;
        let copy = name(number);
        self.server.run(format!("DROP TABLE IF EXISTS {copy} SYNC")).await?;
        self.server.run(format!("CREATE TABLE {copy} AS {}", self.original)).await?;
        Ok(())
    }
}

fn name(number: usize) -> String {
    format!("{DATABASE}.events_{number}")
}
