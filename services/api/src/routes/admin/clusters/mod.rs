//! `/v1/admin/clusters`.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenancy::ClusterName;
use utoipa::ToSchema;
use warehouse::{ClusterProbe, ProbeError, WarehouseError};

use crate::{clusters::ProbedCluster, schemas};

pub(crate) mod drain;
pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod resume;

/// A ClickHouse server or cluster, without its passwords.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClusterView {
    /// Its name in placements.
    #[schema(value_type = schemas::Slug)]
    name: ClusterName,
    /// Its HTTP interface.
    #[schema(example = "http://clickhouse:8123")]
    url: String,
    /// The account that inserts, migrates and reads back.
    writer_user: String,
    /// The account that reads reports, under row policies.
    reader_user: String,
    /// When it was registered first.
    registered_at: DateTime<Utc>,
    /// Since when it takes no new tenants; `null` while it does.
    drained_since: Option<DateTime<Utc>>,
    /// How many tenants are placed on it.
    tenants: u64,
    /// What it answered just now.
    health: ClusterHealth,
}

/// What a cluster answered when it was asked for its version, as each of its accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClusterHealth {
    /// Whether it answered both accounts within two seconds.
    available: bool,
    /// The version of ClickHouse; `null` if it is not available.
    #[schema(example = "26.7.6.5")]
    version: Option<String>,
    /// How long the slower answer took, in milliseconds; `null` if it is not available.
    milliseconds: Option<f64>,
    /// What is wrong; `null` if it is available.
    #[schema(example = "The server does not answer the reader account.")]
    failure: Option<String>,
}

impl From<ProbedCluster> for ClusterView {
    fn from(probed: ProbedCluster) -> Self {
        let registered = probed.registered;
        Self {
            name: registered.cluster.name,
            url: registered.cluster.url,
            writer_user: registered.cluster.writer.user,
            reader_user: registered.cluster.reader.user,
            registered_at: registered.registered_at,
            drained_since: registered.drained_since,
            tenants: registered.tenants,
            health: probed.probe.into(),
        }
    }
}

impl From<Result<ClusterProbe, ProbeError>> for ClusterHealth {
    fn from(probe: Result<ClusterProbe, ProbeError>) -> Self {
        match probe {
            Ok(ClusterProbe { version, took }) => Self {
                available: true,
                version: Some(version),
                milliseconds: Some(took.as_secs_f64() * 1_000.0),
                failure: None,
            },
            Err(error) => {
                let account = error.account.as_str();
                let does = match error.source {
                    WarehouseError::Refused(_) => "refuses",
                    _ => "does not answer",
                };
                Self {
                    available: false,
                    version: None,
                    milliseconds: None,
                    failure: Some(format!("The server {does} the {account} account.")),
                }
            }
        }
    }
}
