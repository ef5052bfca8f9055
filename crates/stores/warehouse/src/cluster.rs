use clickhouse::Client;
use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use tenancy::Destination;
use url::Url;

use crate::connector::Connector;

/// The address of one ClickHouse cluster and its two accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSettings {
    /// The HTTP interface, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// The account that migrates, inserts and reads back.
    pub writer_user: String,
    /// The writer's password.
    pub writer_password: Secret,
    /// The account of reports: read only, restricted by the row policy.
    pub reader_user: String,
    /// The reader's password.
    pub reader_password: Secret,
}

/// What the address of a cluster must be.
pub const ADDRESS: &str =
    "must begin with http:// or https://, without a user, a password, `?` or `#`";

/// Whether a text is the address of a cluster. Answers and the audit log show it, and ClickHouse also takes a
/// password as a parameter: so it has none.
pub fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

impl ClusterSettings {
    /// Checks the URL and that the two accounts differ.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !is_address(&self.url) {
            return Err(InvalidSetting::new("url", ADDRESS));
        }
        if self.writer_user == self.reader_user {
            return Err(InvalidSetting::new("reader_user", "must not be the writer's account"));
        }
        Ok(())
    }
}

/// The clients of one cluster, each with its own connection pool.
#[derive(Clone)]
pub(crate) struct Cluster {
    writer: Client,
    reader: Client,
    reader_user: String,
}

impl Cluster {
    /// Creates the clients of a cluster. The connector is for an address with TLS.
    pub(crate) fn new(settings: &ClusterSettings, connector: Option<&Connector>) -> Self {
        let connector = connector.filter(|_| settings.url.starts_with("https://"));
        let account = |user: &str, password: &Secret| {
            connector
                .map_or_else(Client::default, Connector::client)
                .with_product_info("footfall", env!("CARGO_PKG_VERSION"))
                .with_url(&settings.url)
                .with_user(user)
                .with_password(password.expose())
        };
        Self {
            writer: account(&settings.writer_user, &settings.writer_password),
            reader: account(&settings.reader_user, &settings.reader_password),
            reader_user: settings.reader_user.clone(),
        }
    }

    /// Returns the name of the reader account.
    pub(crate) fn reader_user(&self) -> &str {
        &self.reader_user
    }

    /// Returns the writer and the reader, without a database.
    pub(crate) fn accounts(&self) -> [Client; 2] {
        [self.writer.clone(), self.reader.clone()]
    }

    /// Returns the writer, without a database.
    pub(crate) fn server(&self) -> Client {
        self.writer.clone()
    }

    /// Returns the writer, in the database of `destination`.
    pub(crate) fn writer(&self, destination: &Destination) -> Client {
        traced(&self.writer).with_database(&destination.database)
    }

    /// Returns the reader, in the database of `destination`. Only [`crate::TenantWarehouse`] may
    /// use it.
    pub(crate) fn reader(&self, destination: &Destination) -> Client {
        traced(&self.reader).with_database(&destination.database)
    }
}

/// Returns a client whose statements belong to the current span, if it is recorded: ClickHouse then records its own
/// spans of them, below that one.
fn traced(client: &Client) -> Client {
    match telemetry::traceparent() {
        Some(traceparent) => client.clone().with_header("traceparent", traceparent),
        None => client.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_secret() {
        for right in ["http://clickhouse:8123", "https://10.0.0.1:8443/", "http://[::1]:8123/path"]
        {
            assert!(is_address(right), "{right}");
        }
        for wrong in [
            "",
            "clickhouse:8123",
            "ftp://clickhouse",
            "http://user@clickhouse:8123",
            "http://user:secret@clickhouse:8123",
            "http://:secret@clickhouse:8123",
            "http://clickhouse:8123/?user=writer&password=secret",
            "http://clickhouse:8123/?",
            "http://clickhouse:8123/#secret",
        ] {
            assert!(!is_address(wrong), "{wrong}");
        }
    }
}
