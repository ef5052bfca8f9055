//! The row policy of a database: the reader account sees only rows of the tenant that its query names.

use std::time::Duration;

use tenancy::Destination;

use crate::{WarehouseError, cluster::Cluster, driver::in_time};

/// How long a statement may take. Its refusal is an answer here, so it is not counted as a failed call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Confines the reader account in a database that has the table `schema_migration`, unless the server's own files
/// do it already. A server that stores no row policies, or does not let the writer create them, is reported in the
/// log: its operator confines the reader there, and everything else goes on.
///
/// # Errors
/// The server is unavailable.
pub(crate) async fn confine_reader(
    cluster: &Cluster,
    destination: &Destination,
) -> Result<(), WarehouseError> {
    if !is_open(cluster, destination).await? {
        return Ok(());
    }
    let created = match statement(&destination.database, cluster.reader_user()) {
        Some(statement) => in_time(TIMEOUT, cluster.server().query_raw(&statement).execute()).await,
        None => Err(WarehouseError::Refused("the name of the reader is not plain".into())),
    };
    match created {
        Err(error @ WarehouseError::Refused(_)) => {
            tracing::warn!(
                %destination,
                error = telemetry::chain(&error),
                "the reader account is not confined to one tenant here: give this server the row policies of \
                 docs/operations/accounts.md"
            );
            Ok(())
        }
        created => created,
    }
}

/// Whether the reader can read a table that is no tenant's.
async fn is_open(cluster: &Cluster, destination: &Destination) -> Result<bool, WarehouseError> {
    let [_, reader] = cluster.accounts();
    let reader = reader.with_database(&destination.database);
    let sql = include_str!("../queries/platform/is_open.sql");
    match in_time(TIMEOUT, reader.query_raw(sql).fetch_one::<u64>()).await {
        Ok(_) => Ok(true),
        Err(error) if is_closed(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the server refused because the account lacks a right (497), or because a policy's filter names a column that
/// this table lacks (47).
fn is_closed(error: &WarehouseError) -> bool {
    let WarehouseError::Refused(cause) = error else {
        return false;
    };
    ["Code: 497.", "Code: 47."].iter().any(|code| cause.to_string().contains(code))
}

/// Returns the statement that creates the policy; none if a name has other characters than a plain one.
fn statement(database: &str, reader: &str) -> Option<String> {
    let plain = |name: &str| {
        !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
    };
    let sql = include_str!("../queries/platform/create_row_policy.sql");
    (plain(database) && plain(reader))
        .then(|| sql.replace("{database}", database).replace("{reader}", reader))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_could_be_more_than_a_name_gets_into_no_statement() {
        for wrong in ["", "a b", "a`b", "a.b", "a, everybody"] {
            assert_eq!(statement(wrong, "footfall_reader"), None, "{wrong}");
            assert_eq!(statement("tenant_acme", wrong), None, "{wrong}");
        }
        let made = statement("tenant_acme", "footfall_reader").unwrap();
        assert!(made.contains("ON tenant_acme.*"), "{made}");
        assert!(made.trim_end().ends_with("TO footfall_reader"), "{made}");
    }
}
