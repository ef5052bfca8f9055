use std::collections::BTreeMap;

use control_plane::Neighbour;
use tenancy::{ClientId, ClusterName, Isolation};

use super::{current::Current, field::Fields, order::TenantOrder};

/// Why a new tenant is refused a drained cluster.
pub(crate) const DRAINED: &str =
    "must be another cluster: this one is drained, and takes no new tenants";

/// Why a tenant is refused a cluster that another one keeps it from.
pub(crate) fn taken(neighbour: &Neighbour) -> String {
    match neighbour {
        Neighbour::Present(other) => {
            format!("must be a cluster of its own: {other} is on this one")
        }
        Neighbour::Owner(other) => format!("must be another cluster: this one is {other}'s own"),
    }
}

/// The tenants of each cluster after the orders are applied; those that are moved are on both.
pub(super) struct Neighbours(BTreeMap<ClusterName, BTreeMap<ClientId, Isolation>>);

impl Neighbours {
    pub(super) fn new(orders: &[TenantOrder], current: &Current) -> Self {
        let existing = current.tenants.iter().map(|(client_id, known)| {
            let placement = &known.detail.record.placement;
            (client_id, &placement.cluster, placement.isolation)
        });
        let moved = current.moves.iter().flat_map(|tenant_move| {
            let sides = [&tenant_move.from, &tenant_move.to];
            sides.map(|side| (&tenant_move.client_id, &side.cluster, side.isolation))
        });
        let ordered = orders
            .iter()
            .filter(|order| !current.tenants.contains_key(&order.client_id))
            .map(|order| (&order.client_id, &order.cluster, order.isolation));
        let mut clusters = BTreeMap::<_, BTreeMap<_, _>>::new();
        for (client_id, cluster, isolation) in existing.chain(moved).chain(ordered) {
            let tenants = clusters.entry(cluster.clone()).or_default();
            let tier = tenants.entry(client_id.clone()).or_insert(isolation);
            if isolation == Isolation::Dedicated {
                *tier = isolation;
            }
        }
        Self(clusters)
    }

    /// Checks that a new tenant is on no drained cluster, and that a dedicated tenant shares its cluster with no
    /// other tenant.
    pub(super) fn check(&self, fields: &mut Fields, order: &TenantOrder, current: &Current) {
        let Some(drained_since) = current.clusters.get(&order.cluster) else {
            let known: Vec<_> = current.clusters.keys().map(ClusterName::as_str).collect();
            fields.fault("/cluster", format!("must be one of {}", known.join(", ")));
            return;
        };
        if drained_since.is_some() && !current.tenants.contains_key(&order.client_id) {
            return fields.fault("/cluster", DRAINED);
        }
        let others = self.0.get(&order.cluster).into_iter().flatten();
        for (other, isolation) in others.filter(|(other, _)| **other != order.client_id) {
            let neighbour = if order.isolation == Isolation::Dedicated {
                Neighbour::Present(other.clone())
            } else if *isolation == Isolation::Dedicated {
                Neighbour::Owner(other.clone())
            } else {
                continue;
            };
            return fields.fault("/cluster", taken(&neighbour));
        }
    }
}
