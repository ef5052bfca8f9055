use serde_json::{Value, json};
use tenancy::{ClientId, Destination, Isolation, Placement};
use testkit::{Platform, Tenant, Tier};

use super::choice::Choice;
use crate::Failure;

/// Tenants in all tiers: shared, schema, dedicated, and then shared and schema by turns. They send
/// events by Zipf's law.
pub(crate) struct Retailers {
    tenants: Vec<(Tier, Tenant)>,
}

impl Retailers {
    /// Onboards `count` tenants without limits that would be reached.
    pub(crate) async fn onboard(platform: &Platform, count: usize) -> Self {
        let admin = platform.admin().await;
        let mut tenants = Vec::new();
        // The dedicated server takes one tenant only.
        let others = [Tier::Shared, Tier::Schema].into_iter().cycle();
        for tier in Tier::ALL.into_iter().chain(others).take(count) {
            tenants.push((tier, platform.onboard_by(&admin, tier, Self::unlimited()).await));
        }
        Self { tenants }
    }

    /// Returns limits that no measurement reaches, with the default number of partitions.
    fn unlimited() -> Value {
        json!({
            "events_per_second": 1_000_000,
            "live_streams": 60_000,
            "quotas": { "requests_per_second": 1_000_000_000 },
            "concurrent_queries": 1_000,
            "partition_spread": 1,
        })
    }

    /// Returns the tenants.
    pub(crate) fn tenants(&self) -> impl ExactSizeIterator<Item = &Tenant> {
        self.tenants.iter().map(|(_, tenant)| tenant)
    }

    /// Returns the first tenant, whose tables are shared.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn first(&self) -> Result<&Tenant, Failure> {
        Ok(self.tenants().next().ok_or("no tenant was onboarded")?)
    }

    /// Returns how many of `total` events each tenant sends, in the tenants' order.
    pub(crate) fn shares(&self, total: u32) -> Vec<u32> {
        Choice::zipf(self.tenants.len()).shares(total)
    }

    /// Returns each set of tables once, with the tenants whose rows are there.
    ///
    /// # Errors
    /// A tenant has no valid id.
    pub(crate) fn destinations(&self) -> Result<Vec<(Destination, Vec<String>)>, Failure> {
        let mut all: Vec<(Destination, Vec<String>)> = Vec::new();
        for (tier, tenant) in &self.tenants {
            let destination = destination(*tier, &tenant.id.parse()?)?;
            match all.iter_mut().find(|(known, _)| *known == destination) {
                Some((_, ids)) => ids.push(tenant.id.clone()),
                None => all.push((destination, vec![tenant.id.clone()])),
            }
        }
        Ok(all)
    }
}

fn destination(tier: Tier, id: &ClientId) -> Result<Destination, Failure> {
    let (isolation, cluster) = match tier {
        Tier::Shared => (Isolation::Shared, "shared"),
        Tier::Schema => (Isolation::Schema, "shared"),
        Tier::Dedicated => (Isolation::Dedicated, "dedicated"),
    };
    Ok(Placement { isolation, cluster: cluster.parse()?, route_version: 1 }.destination(id))
}
