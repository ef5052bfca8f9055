use std::{
    hash::BuildHasher,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

use chrono::{DateTime, Utc};
use control_plane::{ControlPlane, ControlPlaneError, Product};
use events::{CanonicalEvent, CanonicalItem};
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use tenancy::{CampaignId, Scoped, TenantContext};

/// How many names are remembered before all are forgotten and, harmlessly, sent again.
const MOST: usize = 1_000_000;

/// The most names of one statement: some 30 ms of PostgreSQL's time, where a statement may take ten
/// seconds.
const PIECE: usize = 1_000;

/// The campaigns and products that this process knows to be listed, by hashes of tenant and name.
#[derive(Default)]
pub(crate) struct Seen {
    hasher: RandomState,
    known: RwLock<HashMap<u64, Described>>,
}

/// Hashes of what is known of a product; 0 for what is not. A campaign has no description.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Described {
    brand: u64,
    category: u64,
}

/// What the rows of a batch name and what is not known to be listed.
#[derive(Default)]
pub(crate) struct Names {
    campaigns: HashMap<u64, Scoped<CampaignId>>,
    products: HashMap<u64, Scoped<Product>>,
}

/// A name, and what is said of it.
trait Describes: Clone {
    fn described(&self, seen: &Seen) -> Described;
}

impl Describes for CampaignId {
    fn described(&self, _: &Seen) -> Described {
        Described::default()
    }
}

impl Describes for Product {
    fn described(&self, seen: &Seen) -> Described {
        Described::of(seen, self.brand.as_deref(), self.category.as_deref())
    }
}

impl Described {
    fn of(seen: &Seen, brand: Option<&str>, category: Option<&str>) -> Self {
        let hash = |text: Option<&str>| text.map_or(0, |text| seen.hasher.hash_one(text));
        Self { brand: hash(brand), category: hash(category) }
    }

    /// Whether an event with the description `other` says nothing new.
    fn includes(self, other: Self) -> bool {
        (other.brand == 0 || other.brand == self.brand)
            && (other.category == 0 || other.category == self.category)
    }

    /// What is known after an event with the description `other`.
    fn updated(self, other: Self) -> Self {
        let latest = |known, said| if said == 0 { known } else { said };
        Self {
            brand: latest(self.brand, other.brand),
            category: latest(self.category, other.category),
        }
    }
}

impl Seen {
    /// Lists campaigns and products, piece by piece, and remembers of each piece that it is listed: what
    /// is repeated after an error begins where it ended.
    pub(crate) async fn list(
        &self,
        control_plane: &ControlPlane,
        names: &Names,
        seen_at: DateTime<Utc>,
    ) -> Result<(), ControlPlaneError> {
        for tenants in by_tenant(self.unlisted(&names.campaigns)) {
            let control = control_plane.for_tenant(tenants.tenant());
            for piece in tenants.value().chunks(PIECE) {
                let (keys, campaigns): (Vec<_>, Vec<_>) = piece.iter().cloned().unzip();
                control.observe_campaigns(&campaigns, seen_at).await?;
                self.remember(keys.into_iter().map(|key| (key, Described::default())));
            }
        }
        for tenants in by_tenant(self.unlisted(&names.products)) {
            let control = control_plane.for_tenant(tenants.tenant());
            for piece in tenants.value().chunks(PIECE) {
                let (keys, products): (Vec<_>, Vec<_>) = piece.iter().cloned().unzip();
                control.observe_products(&products).await?;
                let said = products.iter().map(|product| {
                    Described::of(self, product.brand.as_deref(), product.category.as_deref())
                });
                self.remember(keys.into_iter().zip(said));
            }
        }
        Ok(())
    }

    /// Returns how many of the names are not listed.
    pub(crate) fn left(&self, names: &Names) -> usize {
        self.unlisted(&names.campaigns).count() + self.unlisted(&names.products).count()
    }

    /// Returns the names that are not listed, each with its key.
    fn unlisted<'a, T: Describes>(
        &'a self,
        names: &'a HashMap<u64, Scoped<T>>,
    ) -> impl Iterator<Item = Scoped<(u64, T)>> + 'a {
        let unlisted = |(key, name): &(&u64, &Scoped<T>)| {
            let said = name.value().described(self);
            !self.known().get(*key).is_some_and(|known| known.includes(said))
        };
        names.iter().filter(unlisted).map(|(key, name)| name.clone().map(|name| (*key, name)))
    }

    fn remember(&self, listed: impl Iterator<Item = (u64, Described)>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() > MOST {
            known.clear();
        }
        for (key, said) in listed {
            let known = known.entry(key).or_default();
            *known = known.updated(said);
        }
    }

    fn campaign_key(&self, tenant: &TenantContext, campaign: &str) -> u64 {
        self.hasher.hash_one(("campaign", tenant.client_id(), campaign))
    }

    fn product_key(&self, tenant: &TenantContext, product: &str) -> u64 {
        self.hasher.hash_one(("product", tenant.client_id(), product))
    }

    fn known(&self) -> RwLockReadGuard<'_, HashMap<u64, Described>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Names {
    pub(crate) fn is_empty(&self) -> bool {
        self.campaigns.is_empty() && self.products.is_empty()
    }

    /// Adds what an event names, unless it is known to be listed.
    pub(crate) fn add(
        &mut self,
        seen: &Seen,
        event: &Scoped<CanonicalEvent<'_>>,
        seen_at: DateTime<Utc>,
    ) {
        if let Some(campaign) = event.value().campaign_id.as_deref() {
            let key = seen.campaign_key(event.tenant(), campaign);
            // The text of a campaign's id is an id.
            if !self.campaigns.contains_key(&key)
                && !seen.known().contains_key(&key)
                && let Ok(campaign) = campaign.parse()
            {
                self.campaigns.insert(key, event.as_ref().map(|_| campaign));
            }
        }
        for item in &event.value().items {
            self.add_product(seen, event, item, seen_at);
        }
    }

    fn add_product(
        &mut self,
        seen: &Seen,
        event: &Scoped<CanonicalEvent<'_>>,
        item: &CanonicalItem<'_>,
        first_seen: DateTime<Utc>,
    ) {
        let CanonicalItem { product_id, brand, category, .. } = item;
        let key = seen.product_key(event.tenant(), product_id);
        if !self.products.contains_key(&key) {
            let said = Described::of(seen, brand.as_deref(), category.as_deref());
            if seen.known().get(&key).is_some_and(|known| known.includes(said)) {
                return;
            }
        }
        let product = self.products.entry(key).or_insert_with(|| {
            let product_id = product_id.clone().into_owned();
            event.as_ref().map(|_| Product { product_id, brand: None, category: None, first_seen })
        });
        let product = product.value_mut();
        replace(&mut product.brand, brand.as_deref());
        replace(&mut product.category, category.as_deref());
    }
}

/// Replaces what is known by what an event says, if it says something.
fn replace(known: &mut Option<String>, said: Option<&str>) {
    if let Some(said) = said.filter(|said| known.as_deref() != Some(said)) {
        *known = Some(said.to_owned());
    }
}

fn by_tenant<T>(values: impl Iterator<Item = Scoped<T>>) -> Vec<Scoped<Vec<T>>> {
    Scoped::group(values)
}

#[cfg(test)]
mod tests {
    use chrono::SubsecRound;
    use events::{ParseContext, parse};
    use serde_json::{Value, json};
    use testkit::{tenant_context, tenant_record};

    use super::*;

    /// What a batch of one event with these items names that is not listed yet.
    #[expect(clippy::disallowed_methods, reason = "a test has events of its own tenant")]
    async fn named(seen: &Seen, items: Value) -> Names {
        let tenant = tenant_context(tenant_record(&"acme".parse().unwrap())).await;
        let now = Utc::now().trunc_subsecs(3);
        let context = ParseContext::new(tenant.client_id(), tenant.currency(), now);
        let raw = json!({"type": "ad_click", "campaign_id": "spring", "items": items}).to_string();
        let event = parse(raw.as_bytes(), &context).unwrap().event.into();
        let mut names = Names::default();
        names.add(seen, &tenant.scope(event), now);
        names
    }

    fn brands(names: &Names) -> Vec<Option<&str>> {
        names.products.values().map(|product| product.value().brand.as_deref()).collect()
    }

    #[tokio::test]
    async fn an_item_without_a_brand_hides_no_brand_of_the_same_batch() {
        let items = json!([{"product_id": "p1", "brand": "Acme"}, {"product_id": "p1"},
            {"product_id": "p1", "category": "shoes"}, {"product_id": "p1", "category": "boots"}]);
        let names = named(&Seen::default(), items).await;
        let [product] = names.products.values().collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(product.value().brand.as_deref(), Some("Acme"));
        assert_eq!(product.value().category.as_deref(), Some("boots"));
    }

    #[tokio::test]
    async fn what_is_listed_is_listed_again_only_when_its_description_changes() {
        let seen = Seen::default();
        let brand = |brand: &str| json!([{"product_id": "p1", "brand": brand}]);
        for described in ["A", "B", "A"] {
            let names = named(&seen, brand(described)).await;
            assert_eq!(brands(&names), [Some(described)]);
            let said = names.products.iter().map(|(key, it)| (*key, it.value().described(&seen)));
            seen.remember(said);
            seen.remember(names.campaigns.keys().map(|key| (*key, Described::default())));
            assert_eq!(seen.left(&names), 0);
            assert!(named(&seen, brand(described)).await.is_empty());
            assert!(named(&seen, json!([{"product_id": "p1"}])).await.is_empty());
        }
        let names = named(&seen, json!([{"product_id": "p1", "category": "shoes"}])).await;
        assert_eq!((brands(&names), names.campaigns.len()), (vec![None], 0));
    }
}
