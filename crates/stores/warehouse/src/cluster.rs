use clickhouse::Client;
use serde::Deserialize;
use settings::{InvalidSetting, Secret};
use tenancy::Destination;

/// How to reach one ClickHouse cluster, with its two accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSettings {
    /// The HTTP interface, such as `http://127.0.0.1:8123`.
    pub url: String,
    /// The account that migrates, inserts and reads back.
    pub writer_user: String,
    /// Its password.
    pub writer_password: Secret,
    /// The account of reports: read only, bound by the row policy.
    pub reader_user: String,
    /// Its password.
    pub reader_password: Secret,
}

impl ClusterSettings {
    /// Whether the values can be used at all.
    pub fn validate(&self) -> Result<(), InvalidSetting> {
        if !self.url.starts_with("http://") && !self.url.starts_with("https://") {
            return Err(InvalidSetting::new("url", "must begin with http:// or https://"));
        }
        if self.writer_user == self.reader_user {
            return Err(InvalidSetting::new("reader_user", "must not be the writer's account"));
        }
        Ok(())
    }
}

/// The connections of one cluster. Each client pools its own.
#[derive(Clone)]
pub(crate) struct Cluster {
    writer: Client,
    reader: Client,
}

impl Cluster {
    pub(crate) fn new(settings: &ClusterSettings) -> Self {
        let account = |user: &str, password: &Secret| {
            Client::default()
                .with_product_info("footfall", env!("CARGO_PKG_VERSION"))
                .with_url(&settings.url)
                .with_user(user)
                .with_password(password.expose())
        };
        Self {
            writer: account(&settings.writer_user, &settings.writer_password),
            reader: account(&settings.reader_user, &settings.reader_password),
        }
    }

    /// The writer, in no particular database.
    pub(crate) fn server(&self) -> Client {
        self.writer.clone()
    }

    /// The writer, in the database of `destination`.
    pub(crate) fn writer(&self, destination: &Destination) -> Client {
        self.writer.clone().with_database(&destination.database)
    }

    /// The reader, in the database of `destination`. Only [`crate::TenantWarehouse`] may ask.
    pub(crate) fn reader(&self, destination: &Destination) -> Client {
        self.reader.clone().with_database(&destination.database)
    }
}
