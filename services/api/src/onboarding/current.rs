use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, ControlPlaneError, Inventory, TenantDetail, TenantMove};
use tenancy::{ClientId, ClusterName, PlatformContext};

use super::order::TenantOrder;

/// The current state of everything that the orders name.
#[derive(Debug, Default)]
pub(super) struct Current {
    /// The clusters, and since when each takes no new tenants.
    pub(super) clusters: BTreeMap<ClusterName, Option<DateTime<Utc>>>,
    /// Every tenant.
    pub(super) tenants: BTreeMap<ClientId, Known>,
    /// Every move that is under way.
    pub(super) moves: Vec<TenantMove>,
}

/// An existing tenant.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) detail: TenantDetail,
    /// Empty for tenants that no order names.
    pub(super) inventory: Inventory,
}

impl Current {
    pub(super) async fn read(
        control_plane: &ControlPlane,
        context: &PlatformContext,
        orders: &[TenantOrder],
    ) -> Result<Self, ControlPlaneError> {
        let platform = control_plane.for_platform(context);
        let clusters = platform.cluster_names().await?;
        let moves = platform.moves_under_way().await?;
        let mut current = Self { clusters, tenants: BTreeMap::new(), moves };
        for detail in platform.tenants().await? {
            let client_id = detail.record.client_id.clone();
            let known = Known { detail, inventory: Inventory::default() };
            current.tenants.insert(client_id, known);
        }
        for order in orders {
            if let Some(known) = current.tenants.get_mut(&order.client_id) {
                let campaigns: Vec<_> =
                    order.campaigns.iter().map(|campaign| campaign.campaign_id.clone()).collect();
                known.inventory = platform.inventory(&order.client_id, &campaigns).await?;
            }
        }
        Ok(current)
    }
}
