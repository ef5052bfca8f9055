use std::collections::BTreeMap;

use tenancy::{ClientId, ClusterName, Isolation};

use super::{current::Current, field::Fields, order::TenantOrder};

/// Why a new tenant is refused a drained cluster.
pub(crate) const DRAINED: &str =
    "must be another cluster: this one is drained, and takes no new tenants";

/// The tenants of each cluster after the orders are applied.
pub(super) struct Neighbours(BTreeMap<ClusterName, BTreeMap<ClientId, Isolation>>);

impl Neighbours {
    pub(super) fn new(orders: &[TenantOrder], current: &Current) -> Self {
        let existing = current.tenants.iter().flat_map(|(client_id, known)| {
            let record = &known.detail.record;
            let placements = std::iter::once(&record.placement).chain(&record.mirror);
            placements.map(move |placement| (client_id, &placement.cluster, placement.isolation))
        });
        let ordered = orders
            .iter()
            .filter(|order| !current.tenants.contains_key(&order.client_id))
            .map(|order| (&order.client_id, &order.cluster, order.isolation));
        let mut clusters = BTreeMap::<_, BTreeMap<_, _>>::new();
        for (client_id, cluster, isolation) in existing.chain(ordered) {
            clusters.entry(cluster.clone()).or_default().insert(client_id.clone(), isolation);
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
            if order.isolation == Isolation::Dedicated {
                let reason = format!("must be a cluster of its own: {other} is on this one");
                return fields.fault("/cluster", reason);
            }
            if *isolation == Isolation::Dedicated {
                let reason = format!("must be another cluster: this one is {other}'s own");
                return fields.fault("/cluster", reason);
            }
        }
    }
}
