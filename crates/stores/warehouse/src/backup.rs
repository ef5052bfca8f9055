//! Backups of databases. The server writes and reads them by itself, on its disk of this name: a folder or a bucket,
//! whose credentials only the server has.

use std::time::Duration;

use clickhouse::Client;
use tenancy::ClusterName;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{Warehouse, WarehouseError, driver::within};

/// The server's disk for backups.
const DISK: &str = "backups";

/// How long one statement may take: the server works in the background.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

const POLL_INTERVAL: Duration = Duration::from_millis(200);

impl Warehouse {
    /// Returns the databases that Footfall has on a cluster, by name.
    ///
    /// # Errors
    /// ClickHouse is unavailable.
    pub async fn databases(&self, cluster: &ClusterName) -> Result<Vec<String>, WarehouseError> {
        let server = self.cluster(cluster)?.server();
        let sql = include_str!("../queries/platform/databases.sql");
        within(STATEMENT_TIMEOUT, server.query_raw(sql).fetch_all::<String>()).await
    }

    /// Writes a backup of databases of a cluster, as they are now: only what differs from the backup `base`, if there
    /// is one. Returns its size in bytes, with what it shares with `base`.
    ///
    /// # Errors
    /// ClickHouse is unavailable, or refuses it: it has no such disk, has a backup of this name, or lacks `base`.
    pub async fn back_up(
        &self,
        cluster: &ClusterName,
        databases: &[String],
        name: &str,
        base: Option<&str>,
    ) -> Result<u64, WarehouseError> {
        let base = match base {
            Some(base) => format!(", base_backup = {}", place(base)?),
            None => String::new(),
        };
        let (what, place) = (list(databases)?, place(name)?);
        let id = Uuid::now_v7();
        let statement = format!("BACKUP {what} TO {place} SETTINGS id = '{id}'{base} ASYNC");
        self.run(cluster, id, &statement, "BACKUP_CREATED").await
    }

    /// Restores databases from a backup. None of them may exist.
    ///
    /// # Errors
    /// ClickHouse is unavailable, or refuses it: it lacks the backup or what that is based on, or has such a database.
    pub async fn restore(
        &self,
        cluster: &ClusterName,
        databases: &[String],
        name: &str,
    ) -> Result<(), WarehouseError> {
        let (what, place) = (list(databases)?, place(name)?);
        let id = Uuid::now_v7();
        let statement = format!("RESTORE {what} FROM {place} SETTINGS id = '{id}' ASYNC");
        self.run(cluster, id, &statement, "RESTORED").await.map(drop)
    }

    /// Runs a statement in the background until it is in the state `done`. Returns the size of the backup in bytes.
    async fn run(
        &self,
        cluster: &ClusterName,
        id: Uuid,
        statement: &str,
        done: &str,
    ) -> Result<u64, WarehouseError> {
        let server = self.cluster(cluster)?.server();
        within(STATEMENT_TIMEOUT, server.query_raw(statement).execute()).await?;
        loop {
            let (state, error, bytes) = state(&server, id).await?;
            if state == done {
                return Ok(bytes);
            }
            if !error.is_empty() || state.ends_with("FAILED") || state.ends_with("CANCELLED") {
                let reason = error.split(", Stack trace").next().unwrap_or_default();
                return Err(refused(format!("{state}: {reason}")));
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

/// Returns the state of a backup, why it failed, and its size in bytes.
async fn state(server: &Client, id: Uuid) -> Result<(String, String, u64), WarehouseError> {
    let sql = include_str!("../queries/platform/backup_state.sql");
    let query = server.query_raw(sql).param("id", id.to_string());
    let found = within(STATEMENT_TIMEOUT, query.fetch_all::<(String, String, u64)>()).await?;
    found.into_iter().next().ok_or_else(|| {
        refused("the server was restarted, and does not know what became of it".to_owned())
    })
}

/// Returns databases as a statement lists them: it takes no parameters.
fn list(databases: &[String]) -> Result<String, WarehouseError> {
    let wrong = databases.iter().find(|name| !is_plain(name, "_"));
    match (wrong, databases) {
        (Some(wrong), _) => Err(refused(format!("{wrong:?} is not the name of a database"))),
        (None, []) => Err(refused("there is no database".to_owned())),
        (None, _) => {
            let named: Vec<_> = databases.iter().map(|name| format!("DATABASE {name}")).collect();
            Ok(named.join(", "))
        }
    }
}

/// Returns the place of a backup as a statement names it.
fn place(name: &str) -> Result<String, WarehouseError> {
    if is_plain(name, "-/") {
        return Ok(format!("Disk('{DISK}', '{name}')"));
    }
    Err(refused(format!("{name:?} is not the name of a backup")))
}

/// Whether a text has only letters, digits and these others.
fn is_plain(text: &str, others: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|char| char.is_ascii_alphanumeric() || others.contains(char))
}

fn refused(reason: String) -> WarehouseError {
    WarehouseError::Refused(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_more_than_a_name_gets_into_no_statement() {
        for wrong in ["", "x') SETTINGS y = ('", "x.y", "x;"] {
            assert!(place(wrong).is_err(), "{wrong}");
            assert!(list(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
        assert!(list(&[]).is_err());
        assert_eq!(
            place("20261129T071500Z/shared").unwrap(),
            "Disk('backups', '20261129T071500Z/shared')"
        );
        let named = list(&["footfall_shared".to_owned(), "tenant_acme".to_owned()]).unwrap();
        assert_eq!(named, "DATABASE footfall_shared, DATABASE tenant_acme");
    }
}
