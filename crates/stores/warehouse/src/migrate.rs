use std::{collections::BTreeMap, time::Duration};

use clickhouse::{Client, query::Query};
use sha2::{Digest, Sha256};
use tenancy::Destination;

use crate::{MigrationError, Warehouse, WarehouseError, driver::within, row_policy};

/// How long one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

/// One file of `migrations/clickhouse`: a single statement that is safe to repeat.
struct Migration {
    version: u32,
    file: &'static str,
    sql: &'static str,
}

/// All files, in order.
const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        file: "0001_events.sql",
        sql: include_str!("../../../../migrations/clickhouse/0001_events.sql"),
    },
    Migration {
        version: 2,
        file: "0002_rejected_events.sql",
        sql: include_str!("../../../../migrations/clickhouse/0002_rejected_events.sql"),
    },
    Migration {
        version: 3,
        file: "0003_drop_projections_of_whole_quantities.sql",
        sql: include_str!(
            "../../../../migrations/clickhouse/0003_drop_projections_of_whole_quantities.sql"
        ),
    },
    Migration {
        version: 4,
        file: "0004_decimal_quantities.sql",
        sql: include_str!("../../../../migrations/clickhouse/0004_decimal_quantities.sql"),
    },
    Migration {
        version: 5,
        file: "0005_projections_of_decimal_quantities.sql",
        sql: include_str!(
            "../../../../migrations/clickhouse/0005_projections_of_decimal_quantities.sql"
        ),
    },
    Migration {
        version: 6,
        file: "0006_materialize_projections.sql",
        sql: include_str!("../../../../migrations/clickhouse/0006_materialize_projections.sql"),
    },
    Migration {
        version: 7,
        file: "0007_parent_sku.sql",
        sql: include_str!("../../../../migrations/clickhouse/0007_parent_sku.sql"),
    },
    Migration {
        version: 8,
        file: "0008_viewable.sql",
        sql: include_str!("../../../../migrations/clickhouse/0008_viewable.sql"),
    },
    Migration {
        version: 9,
        file: "0009_kept_rollups.sql",
        sql: include_str!("../../../../migrations/clickhouse/0009_kept_rollups.sql"),
    },
    Migration {
        version: 10,
        file: "0010_kept_days.sql",
        sql: include_str!("../../../../migrations/clickhouse/0010_kept_days.sql"),
    },
    Migration {
        version: 11,
        file: "0011_statistics_of_event_times.sql",
        sql: include_str!("../../../../migrations/clickhouse/0011_statistics_of_event_times.sql"),
    },
    Migration {
        version: 12,
        file: "0012_no_other_statistics.sql",
        sql: include_str!("../../../../migrations/clickhouse/0012_no_other_statistics.sql"),
    },
    Migration {
        version: 13,
        file: "0013_materialize_statistics.sql",
        sql: include_str!("../../../../migrations/clickhouse/0013_materialize_statistics.sql"),
    },
];

impl Migration {
    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

impl Warehouse {
    /// Creates the database of `destination` if it is missing and applies the files that it lacks.
    /// Returns the versions of these files. Before it has tables, the reader account is confined to the rows of
    /// the tenant that a query names, wherever the server can store row policies.
    ///
    /// Safe to repeat and to run in parallel: every statement has IF NOT EXISTS or IF EXISTS.
    ///
    /// # Errors
    /// When the server is unreachable or refuses a statement, or when a file was changed after it
    /// had been applied.
    pub async fn migrate(&self, destination: &Destination) -> Result<Vec<u32>, MigrationError> {
        let writer = self.writer(destination)?;
        let cluster = self.cluster(&destination.cluster)?;
        let create = include_str!("../queries/platform/create_database.sql");
        let create = cluster.server().query_raw(create).param("database", &destination.database);
        execute(create).await?;
        let create = include_str!("../queries/platform/create_schema_migration.sql");
        execute(writer.query_raw(create)).await?;
        row_policy::confine_reader(&cluster, destination).await?;

        let applied = applied(&writer).await?;
        let mut now = Vec::new();
        for migration in MIGRATIONS {
            match applied.get(&migration.version) {
                Some(checksum) if *checksum == migration.checksum() => {}
                Some(_) => {
                    return Err(MigrationError::Changed { file: migration.file });
                }
                None => {
                    apply(&writer, migration).await?;
                    now.push(migration.version);
                }
            }
        }
        Ok(now)
    }
}

async fn execute(query: Query) -> Result<(), WarehouseError> {
    within(STATEMENT_TIMEOUT, query.execute()).await
}

/// Returns the checksums of the applied files, by version.
async fn applied(writer: &Client) -> Result<BTreeMap<u32, String>, WarehouseError> {
    let sql = include_str!("../queries/platform/applied_migrations.sql");
    let rows = writer.query_raw(sql).fetch_all::<(u32, String)>();
    Ok(within(STATEMENT_TIMEOUT, rows).await?.into_iter().collect())
}

/// Executes a file, then records it: a crash between the two repeats the file.
async fn apply(writer: &Client, migration: &Migration) -> Result<(), MigrationError> {
    let failed = |source| MigrationError::Apply { file: migration.file, source };
    execute(writer.query_raw(migration.sql)).await.map_err(failed)?;
    let sql = include_str!("../queries/platform/record_migration.sql");
    let record = writer
        .query_raw(sql)
        .param("version", migration.version)
        .param("checksum", migration.checksum());
    execute(record).await.map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed_and_may_run_twice() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../migrations/clickhouse");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<_> = MIGRATIONS.iter().map(|migration| migration.file).collect();
        assert_eq!(files, listed);
        for migration in MIGRATIONS {
            assert!(migration.file.starts_with(&format!("{:04}_", migration.version)));
            let repeatable = ["IF NOT EXISTS", "IF EXISTS", "MODIFY SETTING"];
            let is_repeatable = repeatable.iter().any(|words| migration.sql.contains(words));
            assert!(is_repeatable, "{}", migration.file);
            assert!(!migration.sql.contains(';'), "{} must be one statement", migration.file);
        }
    }
}
