use std::fmt;

use tenancy::{ClientId, ClusterName, Isolation};

use crate::{ControlPlaneError, pool::Transaction};

/// Another tenant that keeps a tenant from a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Neighbour {
    /// It is on the cluster, which is to be the tenant's own.
    Present(ClientId),
    /// The cluster is its own.
    Owner(ClientId),
}

impl fmt::Display for Neighbour {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present(other) => write!(formatter, "{other} is on it, and it is to be its own"),
            Self::Owner(other) => write!(formatter, "it is {other}'s own"),
        }
    }
}

/// Locks a cluster until the transaction ends, so that one tenant at a time is placed there. Returns whether it is
/// drained; `None` if no cluster of that name is registered.
pub(super) async fn lock_cluster(
    transaction: &mut Transaction,
    cluster: &ClusterName,
) -> Result<Option<bool>, ControlPlaneError> {
    let locked = sqlx::query_scalar(sql!("cluster/lock")).bind(cluster.as_str());
    Ok(locked.fetch_optional(transaction).await?)
}

/// Returns who keeps the tenant from a tier on a cluster, which has to be locked. A tenant on its way to the cluster,
/// or from it, counts as one on it.
pub(super) async fn neighbour(
    transaction: &mut Transaction,
    client_id: &ClientId,
    isolation: Isolation,
    cluster: &ClusterName,
) -> Result<Option<Neighbour>, ControlPlaneError> {
    let neighbours: Vec<(String, String)> = sqlx::query_as(sql!("cluster/neighbours"))
        .bind(cluster.as_str())
        .bind(client_id.as_str())
        .fetch_all(transaction)
        .await?;
    for (other, tier) in neighbours {
        let other = other.parse().map_err(ControlPlaneError::corrupt("client id"))?;
        if isolation == Isolation::Dedicated {
            return Ok(Some(Neighbour::Present(other)));
        }
        if tier == Isolation::Dedicated.as_str() {
            return Ok(Some(Neighbour::Owner(other)));
        }
    }
    Ok(None)
}
