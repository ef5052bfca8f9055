use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, ControlPlaneError, Product};
use tenancy::{CampaignId, Scoped, TenantContext};
use warehouse::EventRow;

use super::draft::Load;

/// How many names are remembered before all are forgotten and, harmlessly, sent again.
const MOST: usize = 1_000_000;

/// Campaigns and products that this process knows to be listed.
#[derive(Default)]
pub(crate) struct Seen {
    known: Mutex<HashSet<u64>>,
}

impl Seen {
    /// Lists what `load` names for the first time.
    pub(crate) async fn list(
        &self,
        control_plane: &ControlPlane,
        load: &Load,
        seen_at: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        for group in &load.rows {
            let tenant = group.tenant();
            let names = self.unknown(group, seen_at);
            let control = control_plane.for_tenant(tenant);
            if !names.campaigns.is_empty() {
                control.observe_campaigns(&names.campaigns, seen_at).await?;
            }
            if !names.products.is_empty() {
                control.observe_products(&names.products).await?;
            }
            self.remember(names.keys);
        }
        Ok(())
    }

    fn unknown(&self, group: &Scoped<Vec<EventRow>>, seen_at: DateTime<Utc>) -> Names {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names = Names::default();
        let mut products = BTreeMap::new();
        for row in group.value() {
            if let Some(campaign) = &row.event().campaign_id {
                let key = key(group.tenant(), &("campaign", campaign.as_str()));
                if !known.contains(&key) && names.keys.insert(key) {
                    names.campaigns.push(campaign.clone());
                }
            }
            if let Some(item) = row.item() {
                let described = (&item.product_id, &item.brand, &item.category);
                let key = key(group.tenant(), &("product", described));
                if !known.contains(&key) && names.keys.insert(key) {
                    let product = products
                        .entry(&item.product_id)
                        .or_insert_with(|| undescribed(&item.product_id, seen_at));
                    product.brand = item.brand.clone().or(product.brand.take());
                    product.category = item.category.clone().or(product.category.take());
                }
            }
        }
        names.products = products.into_values().collect();
        names
    }

    fn remember(&self, keys: HashSet<u64>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST {
            known.clear();
        }
        known.extend(keys);
    }
}

/// What one tenant's rows name for the first time.
#[derive(Default)]
struct Names {
    campaigns: Vec<CampaignId>,
    products: Vec<Product>,
    keys: HashSet<u64>,
}

fn undescribed(product_id: &str, first_seen: DateTime<Utc>) -> Product {
    Product { product_id: product_id.to_owned(), brand: None, category: None, first_seen }
}

fn key(tenant: &TenantContext, name: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    tenant.client_id().hash(&mut hasher);
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use events::{ParseContext, parse};
    use serde_json::json;
    use testkit::{tenant_context, tenant_record};
    use warehouse::Coordinates;

    use super::*;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
    async fn an_item_without_a_brand_hides_no_brand_of_the_same_batch() {
        let tenant = tenant_context(tenant_record(&"acme".parse().unwrap())).await;
        let now = Utc::now();
        let context = ParseContext::new(tenant.client_id(), tenant.currency(), now);
        let items = json!([{"product_id": "p1", "brand": "Acme"}, {"product_id": "p1"},
            {"product_id": "p1", "category": "shoes"}, {"product_id": "p1", "category": "boots"}]);
        let raw = json!({"type": "product_view", "items": items}).to_string();
        let event = Arc::new(parse(raw.as_bytes(), &context).unwrap().event);
        let at = Coordinates { offset: 0.into(), logged_at: now };
        let rows = tenant.scope(EventRow::lines(event, at).collect());
        let [product] = Seen::default().unknown(&rows, now).products.try_into().unwrap();
        assert_eq!(product.brand.as_deref(), Some("Acme"));
        assert_eq!(product.category.as_deref(), Some("boots"));
    }
}
