//! The words of a refused move, for the api and for the command line.

use std::fmt;

use crate::{MoveRefusal, Neighbour};

impl fmt::Display for MoveRefusal {
    /// Of a refusal because of the cluster, what the cluster must be.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTenant => out.write_str("it does not exist"),
            Self::NotActive => out.write_str("only an active tenant can be moved"),
            Self::UnderWay => out.write_str("it is being moved already"),
            Self::SamePlace => {
                out.write_str("must be another place: the tenant's rows are in this one")
            }
            Self::UnknownCluster => out.write_str("must be a registered cluster"),
            Self::Drained => out.write_str(
                "must be another cluster: this one is drained, and takes no new tenants",
            ),
            Self::Taken(Neighbour::Present(other)) => {
                write!(out, "must be a cluster of its own: {other} is on this one")
            }
            Self::Taken(Neighbour::Owner(other)) => {
                write!(out, "must be another cluster: this one is {other}'s own")
            }
        }
    }
}
