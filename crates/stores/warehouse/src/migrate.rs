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

/// The tables as the files up to [`BASELINE_VERSION`] leave them, for a database that has none: few statements in place
/// of one for each change that was ever made. Only the first fails if its table exists already.
const BASELINE: &[&str] = &[
    include_str!("../../../../migrations/clickhouse/baseline/events.sql"),
    include_str!("../../../../migrations/clickhouse/0002_rejected_events.sql"),
    include_str!("../../../../migrations/clickhouse/0009_kept_rollups.sql"),
    include_str!("../../../../migrations/clickhouse/0010_kept_days.sql"),
];

/// The latest file that [`BASELINE`] contains.
const BASELINE_VERSION: u32 = 13;

impl Migration {
    fn checksum(&self) -> String {
        hex::encode(Sha256::digest(self.sql))
    }
}

/// Returns the files that [`BASELINE`] contains.
fn in_baseline() -> impl Iterator<Item = &'static Migration> {
    MIGRATIONS.iter().filter(|migration| migration.version <= BASELINE_VERSION)
}

impl Warehouse {
    /// Creates the database of `destination` if it is missing and applies the files that it lacks.
    /// Returns the versions of these files. Before it has tables, the reader account is confined to the rows of
    /// the tenant that a query names, wherever the server can store row policies.
    ///
    /// Safe to repeat and to run in parallel: every statement of a file has IF NOT EXISTS or IF EXISTS, and the
    /// baseline of an empty database is left to the process that creates its first table.
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

        let mut now = Vec::new();
        let mut applied = applied(&writer).await?;
        if applied.is_empty() && create_baseline(&writer).await? {
            now.extend(in_baseline().map(|migration| migration.version));
            applied = in_baseline().map(|file| (file.version, file.checksum())).collect();
        }
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

/// Creates the tables of an empty database, then records the files that they contain. Returns false if there is a table
/// already: another process is creating them, or one stopped before it had recorded them. Then the files are applied.
async fn create_baseline(writer: &Client) -> Result<bool, MigrationError> {
    for statement in BASELINE {
        match execute(writer.query_raw(statement)).await {
            Err(WarehouseError::Refused(cause)) if cause.to_string().contains("Code: 57.") => {
                return Ok(false);
            }
            created => created?,
        }
    }
    record(writer, in_baseline()).await?;
    Ok(true)
}

/// Executes a file, then records it: a crash between the two repeats the file.
async fn apply(writer: &Client, migration: &Migration) -> Result<(), MigrationError> {
    let failed = |source| MigrationError::Apply { file: migration.file, source };
    execute(writer.query_raw(migration.sql)).await.map_err(failed)?;
    record(writer, [migration]).await.map_err(failed)
}

async fn record(
    writer: &Client,
    files: impl IntoIterator<Item = &Migration>,
) -> Result<(), WarehouseError> {
    let (versions, checksums): (Vec<_>, Vec<_>) =
        files.into_iter().map(|file| (file.version, file.checksum())).unzip();
    let sql = include_str!("../queries/platform/record_migrations.sql");
    let record = writer.query_raw(sql).param("versions", versions).param("checksums", checksums);
    execute(record).await
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
            .filter(|name| name.ends_with(".sql"))
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
