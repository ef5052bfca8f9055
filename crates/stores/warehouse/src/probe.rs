use std::time::{Duration, Instant};

use clickhouse::Client;

use crate::{ClusterSettings, Warehouse, WarehouseError, driver::within};

/// How long a server may take to answer each account.
const TIMEOUT: Duration = Duration::from_secs(2);

/// What a server answered to both of its accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterProbe {
    /// The version of ClickHouse.
    pub version: String,
    /// How long the slower answer took.
    pub took: Duration,
}

/// An account of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterAccount {
    /// It migrates, inserts and reads back.
    Writer,
    /// It reads reports.
    Reader,
}

/// A server did not answer, or refused an account.
#[derive(Debug, thiserror::Error)]
#[error("the {} account got no answer", .account.as_str())]
pub struct ProbeError {
    /// The account.
    pub account: ClusterAccount,
    /// Why.
    pub source: WarehouseError,
}

impl ClusterAccount {
    /// Returns the name used in settings and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
        }
    }
}

impl Warehouse {
    /// Asks a server, which may not be registered, for its version, over a new connection, as each of the two accounts. It takes at
    /// most two seconds.
    ///
    /// # Errors
    /// The account that got no answer.
    pub async fn probe(&self, settings: &ClusterSettings) -> Result<ClusterProbe, ProbeError> {
        let began = Instant::now();
        let [writer, reader] = self.connect(settings).accounts();
        let writer = version(ClusterAccount::Writer, &writer);
        let reader = version(ClusterAccount::Reader, &reader);
        let (version, _) = tokio::try_join!(writer, reader)?;
        Ok(ClusterProbe { version, took: began.elapsed() })
    }
}

async fn version(account: ClusterAccount, client: &Client) -> Result<String, ProbeError> {
    let version = client.query_raw(include_str!("../queries/platform/probe.sql")).fetch_one();
    within(TIMEOUT, version).await.map_err(|source| ProbeError { account, source })
}
