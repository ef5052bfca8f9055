use serde::{Deserialize, Serialize};

use crate::{ClientId, ClusterName};

/// The database all tenants of the shared tier live in.
const SHARED_DATABASE: &str = "footfall_shared";

/// How far a tenant's data is kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Shared tables; the tenant leads the sort key and a row policy guards reads.
    Shared,
    /// A database of its own on a shared server.
    Schema,
    /// A server of its own.
    Dedicated,
}

impl Isolation {
    /// Every tier, from least to most apart.
    pub const ALL: [Self; 3] = [Self::Shared, Self::Schema, Self::Dedicated];

    /// The name used in files, requests and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Schema => "schema",
            Self::Dedicated => "dedicated",
        }
    }
}

/// Where a tenant's rows go, and since which routing decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The tier.
    pub isolation: Isolation,
    /// The ClickHouse cluster.
    pub cluster: ClusterName,
    /// Raised by one with every move; a batch pins the version it was planned on.
    pub route_version: u32,
}

/// One set of tables: a database on a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// The ClickHouse cluster.
    pub cluster: ClusterName,
    /// The database, derived from the tier and the tenant, never taken from input.
    pub database: String,
}

impl Placement {
    /// The tables this placement of `client_id` means.
    ///
    /// Slugs hold no `_`, so mapping `-` to `_` keeps distinct tenants distinct.
    pub fn destination(&self, client_id: &ClientId) -> Destination {
        let database = match self.isolation {
            Isolation::Shared => SHARED_DATABASE.to_owned(),
            Isolation::Schema | Isolation::Dedicated => {
                format!("tenant_{}", client_id.as_str().replace('-', "_"))
            }
        };
        Destination { cluster: self.cluster.clone(), database }
    }
}
