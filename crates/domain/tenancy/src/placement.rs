use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClientId, ClusterName};

/// The database of all tenants of the shared tier.
const SHARED_DATABASE: &str = "footfall_shared";

/// The tier of a tenant: how its data is isolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Isolation {
    /// Shared tables; the tenant is first in the sort key, and a row policy restricts reads.
    Shared,
    /// Its own database on a shared server.
    Schema,
    /// Its own server.
    Dedicated,
}

impl Isolation {
    /// Every tier, from least to most isolated.
    pub const ALL: [Self; 3] = [Self::Shared, Self::Schema, Self::Dedicated];

    /// Returns the name used in files, requests and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Schema => "schema",
            Self::Dedicated => "dedicated",
        }
    }
}

/// Where a tenant's rows are stored, and the version of that decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The tier.
    pub isolation: Isolation,
    /// The ClickHouse cluster.
    pub cluster: ClusterName,
    /// Raised by one with every change of where rows are read or written; a batch records the version it
    /// was planned with, and the ledger refuses a plan with another one.
    pub route_version: u32,
}

/// One set of tables: a database on a cluster. As text: `cluster.database`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Destination {
    /// The ClickHouse cluster.
    pub cluster: ClusterName,
    /// The database, derived from the tier and the tenant, never taken from input.
    pub database: String,
}

impl fmt::Display for Destination {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cluster, database } = self;
        write!(out, "{cluster}.{database}")
    }
}

impl Placement {
    /// Returns the destination of `client_id` under this placement.
    pub fn destination(&self, client_id: &ClientId) -> Destination {
        let database = match self.isolation {
            Isolation::Shared => SHARED_DATABASE.to_owned(),
            Isolation::Schema | Isolation::Dedicated => Self::own_database(client_id),
        };
        Destination { cluster: self.cluster.clone(), database }
    }

    /// Returns the database that a tenant has to itself, if it has one.
    ///
    /// Slugs contain no `_`, so mapping `-` to `_` keeps distinct tenants distinct.
    pub fn own_database(client_id: &ClientId) -> String {
        format!("tenant_{}", client_id.as_str().replace('-', "_"))
    }
}
