//! Copies of all tables: for backups, whatever the server offers for its own.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
};

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use sqlx::Postgres;

use crate::{ControlPlane, ControlPlaneError, control_plane::MIGRATIONS};

/// How many bytes are sent to PostgreSQL at once.
const CHUNK: usize = 64 * 1024;

/// A table of a copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// Its columns, as a statement lists them.
    pub columns: String,
}

/// A migration that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppliedMigration {
    /// Its number.
    pub version: i64,
    /// The hash of its text, in hexadecimal.
    pub checksum: String,
}

/// The tables as they are at one moment. Changes go on meanwhile.
pub struct TableReader {
    transaction: sqlx::Transaction<'static, Postgres>,
}

/// An empty database that gets the tables of a copy. Nothing of it is visible before [`TableWriter::end`], so that
/// no process mistakes a platform without tenants for the real one.
pub struct TableWriter {
    transaction: sqlx::Transaction<'static, Postgres>,
}

impl ControlPlane {
    /// Returns the migrations that this program has.
    pub fn known_migrations() -> Vec<AppliedMigration> {
        let known = MIGRATIONS.iter().map(|migration| AppliedMigration {
            version: migration.version,
            checksum: hex::encode(&migration.checksum),
        });
        known.collect()
    }

    /// Whether the database has tables: it is not empty.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn has_tables(&self) -> Result<bool, ControlPlaneError> {
        Ok(sqlx::query_scalar(sql!("copy/has_tables")).fetch_one(&self.pool).await?)
    }

    /// Begins to read all tables, as they are now.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn read_tables(&self) -> Result<TableReader, ControlPlaneError> {
        let mut transaction = self.owner_pool().await?.begin_unlimited().await?;
        sqlx::query(sql!("copy/as_of_now")).execute(&mut *transaction).await?;
        sqlx::query(sql!("copy/unlimited")).execute(&mut *transaction).await?;
        Ok(TableReader { transaction })
    }

    /// Migrates an empty database, and begins to write the tables of a copy into it.
    ///
    /// # Errors
    /// [`ControlPlaneError::NotEmpty`], or PostgreSQL is unavailable.
    pub async fn write_tables(&self) -> Result<TableWriter, ControlPlaneError> {
        let mut transaction = self.owner_pool().await?.begin_unlimited().await?;
        sqlx::query(sql!("copy/unlimited")).execute(&mut *transaction).await?;
        let has_tables: bool =
            sqlx::query_scalar(sql!("copy/has_tables")).fetch_one(&mut *transaction).await?;
        if has_tables {
            return Err(ControlPlaneError::NotEmpty);
        }
        MIGRATIONS.run(&mut *transaction).await?;
        sqlx::query(sql!("privileges")).execute(&mut *transaction).await?;
        // A migration may have changed it.
        sqlx::query(sql!("copy/unlimited")).execute(&mut *transaction).await?;
        sqlx::query(sql!("copy/open")).execute(&mut *transaction).await?;
        Ok(TableWriter { transaction })
    }
}

impl TableReader {
    /// Returns the migrations that were applied.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn migrations(&mut self) -> Result<Vec<AppliedMigration>, ControlPlaneError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as(sql!("copy/applied")).fetch_all(&mut *self.transaction).await?;
        let applied = |(version, checksum)| AppliedMigration { version, checksum };
        Ok(rows.into_iter().map(applied).collect())
    }

    /// Returns the tables that are copied, each after those that it refers to.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn tables(&mut self) -> Result<Vec<CopiedTable>, ControlPlaneError> {
        let rows: Vec<(String, String)> =
            sqlx::query_as(sql!("copy/tables")).fetch_all(&mut *self.transaction).await?;
        Ok(rows.into_iter().map(|(name, columns)| CopiedTable { name, columns }).collect())
    }

    /// Returns the last value of each sequence that was used.
    ///
    /// # Errors
    /// PostgreSQL is unavailable.
    pub async fn sequences(&mut self) -> Result<BTreeMap<String, i64>, ControlPlaneError> {
        let rows: Vec<(String, i64)> =
            sqlx::query_as(sql!("copy/sequences")).fetch_all(&mut *self.transaction).await?;
        Ok(rows.into_iter().collect())
    }

    /// Writes the rows of a table to `out`, in the text format of `COPY`.
    ///
    /// # Errors
    /// PostgreSQL is unavailable, or `out` fails.
    pub async fn read(
        &mut self,
        table: &CopiedTable,
        out: &mut (dyn Write + Send),
    ) -> Result<(), ControlPlaneError> {
        let CopiedTable { name, columns } = table;
        let statement = format!("COPY {} ({columns}) TO STDOUT", quoted(name));
        let mut rows = self.transaction.copy_out_raw(&statement).await?;
        while let Some(bytes) = rows.try_next().await? {
            out.write_all(&bytes).map_err(sqlx::Error::Io)?;
        }
        Ok(())
    }
}

impl TableWriter {
    /// Writes the rows that `rows` has, as [`TableReader::read`] wrote them. Returns how many there were.
    ///
    /// # Errors
    /// PostgreSQL is unavailable or refuses a row, or `rows` fails.
    pub async fn write(
        &mut self,
        table: &CopiedTable,
        rows: &mut (dyn Read + Send),
    ) -> Result<u64, ControlPlaneError> {
        let CopiedTable { name, columns } = table;
        let statement = format!("COPY {} ({columns}) FROM STDIN", quoted(name));
        let mut copy = self.transaction.copy_in_raw(&statement).await?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = rows.read(&mut chunk).map_err(sqlx::Error::Io)?;
            if read == 0 {
                break;
            }
            copy.send(chunk.get(..read).unwrap_or_default()).await?;
        }
        Ok(copy.finish().await?)
    }

    /// Sets the sequences, and makes everything visible in one step.
    ///
    /// # Errors
    /// PostgreSQL is unavailable; nothing was written then.
    pub async fn end(mut self, sequences: &BTreeMap<String, i64>) -> Result<(), ControlPlaneError> {
        for (name, value) in sequences {
            let set = sqlx::query(sql!("copy/set_sequence")).bind(name).bind(value);
            set.execute(&mut *self.transaction).await?;
        }
        sqlx::query(sql!("copy/close")).execute(&mut *self.transaction).await?;
        Ok(self.transaction.commit().await?)
    }
}

/// Returns a name as a statement has it. It comes from a file.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_identifier() {
        assert_eq!(quoted("tenant"), "\"tenant\"");
        assert_eq!(quoted("x\" FROM y; --"), "\"x\"\" FROM y; --\"");
    }
}
