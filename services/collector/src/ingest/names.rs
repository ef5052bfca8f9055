use std::{
    collections::{HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use aggregates::{Aggregates, FullNames, NameBudget, NameKind};
use chrono::{DateTime, Utc};
use events::EventName;
use tenancy::{ClientId, TenantContext};

/// How many names are remembered before all are forgotten and, harmlessly, asked for again.
const MOST: usize = 1_000_000;

/// Which campaigns and products events may name: at first all that are new, and of each tenant so many
/// different ones a day. Others become `other`, before the log has them: so every sink and every backfill
/// agree.
///
/// A collect key is public. Without an end, a client with it fills the lists, the counters and
/// the dictionaries that all tenants share.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<ClientId, Arc<RwLock<Known>>>>);

/// What this process knows of a tenant's names.
pub(super) struct Known {
    campaigns: KnownNames,
    products: KnownNames,
}

/// The names of one kind on one day.
struct KnownNames {
    budget: NameBudget,
    /// Hashes of those that may be named.
    admitted: HashSet<u64>,
    /// All of them, once no new one may be named.
    full: Option<FullNames>,
}

/// The names of a batch that are not known, and which of them may not be named.
#[derive(Default)]
pub(super) struct Asked {
    campaigns: HashSet<String>,
    products: HashSet<String>,
}

impl Names {
    /// Returns what is known of the tenant's names on the day of `now`.
    pub(super) fn of(&self, tenant: &TenantContext, now: DateTime<Utc>) -> Arc<RwLock<Known>> {
        let quotas = &tenant.limits().quotas;
        let budget = |kind, most| NameBudget { kind, day: now.date_naive(), most };
        let campaigns = budget(NameKind::Campaign, quotas.campaigns_per_day);
        let products = budget(NameKind::Product, quotas.products_per_day);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(tenant.client_id())
            && read(known).is_of(campaigns, products)
        {
            return known.clone();
        }
        let nothing = Known { campaigns: campaigns.into(), products: products.into() };
        let new = Arc::new(RwLock::new(nothing));
        all.insert(tenant.client_id().clone(), new.clone());
        new
    }

    /// Asks which unknown names may be named, and remembers it. Returns those that may not.
    pub(super) async fn ask(
        &self,
        aggregates: &Aggregates,
        tenant: &TenantContext,
        known: &RwLock<Known>,
        asked: Asked,
    ) -> Asked {
        let Asked { campaigns, products } = asked;
        Asked {
            campaigns: ask(aggregates, tenant, known, NameKind::Campaign, campaigns).await,
            products: ask(aggregates, tenant, known, NameKind::Product, products).await,
        }
    }
}

impl Known {
    fn is_of(&self, campaigns: NameBudget, products: NameBudget) -> bool {
        self.campaigns.budget == campaigns && self.products.budget == products
    }

    const fn of(&self, kind: NameKind) -> &KnownNames {
        match kind {
            NameKind::Campaign => &self.campaigns,
            NameKind::Product => &self.products,
        }
    }

    const fn of_mut(&mut self, kind: NameKind) -> &mut KnownNames {
        match kind {
            NameKind::Campaign => &mut self.campaigns,
            NameKind::Product => &mut self.products,
        }
    }

    /// Returns whether an event may have a name. A name that is not known is added to `asked`, and may
    /// be had for the moment.
    pub(super) fn admits(&self, name: EventName<'_>, asked: &mut Asked) -> bool {
        let (known, text, unknown) = match name {
            EventName::Campaign(text) => (&self.campaigns, text, &mut asked.campaigns),
            EventName::Product(text) => (&self.products, text, &mut asked.products),
        };
        if known.admitted.contains(&hash(text)) || text == events::OTHER {
            return true;
        }
        match &known.full {
            Some(full) => full.contains(text),
            None => {
                if !unknown.contains(text) {
                    unknown.insert(text.to_owned());
                }
                true
            }
        }
    }
}

impl Asked {
    pub(super) fn is_empty(&self) -> bool {
        self.campaigns.is_empty() && self.products.is_empty()
    }

    /// Returns whether a name is among them.
    pub(super) fn contains(&self, name: EventName<'_>) -> bool {
        match name {
            EventName::Campaign(text) => self.campaigns.contains(text),
            EventName::Product(text) => self.products.contains(text),
        }
    }
}

impl From<NameBudget> for KnownNames {
    fn from(budget: NameBudget) -> Self {
        Self { budget, admitted: HashSet::new(), full: None }
    }
}

async fn ask(
    aggregates: &Aggregates,
    tenant: &TenantContext,
    known: &RwLock<Known>,
    kind: NameKind,
    unknown: HashSet<String>,
) -> HashSet<String> {
    if unknown.is_empty() {
        return unknown;
    }
    let budget = read(known).of(kind).budget;
    let names: Vec<_> = unknown.iter().map(String::as_str).collect();
    let Some(answer) = aggregates.admit_names(tenant, budget, &names).await else {
        return HashSet::new();
    };
    let full = match answer.is_full {
        true => aggregates.full_names(tenant, budget).await,
        false => None,
    };
    let admitted = names.iter().zip(&answer.admitted).filter(|(_, admitted)| **admitted);
    let hashes: Vec<_> = admitted.map(|(name, _)| hash(name)).collect();
    {
        let mut of_tenant = known.write().unwrap_or_else(PoisonError::into_inner);
        let of_kind = of_tenant.of_mut(kind);
        if of_kind.admitted.len() + hashes.len() > MOST {
            of_kind.admitted.clear();
        }
        of_kind.admitted.extend(hashes);
        if full.is_some() && of_kind.full.is_none() {
            let client_id = tenant.client_id().as_str();
            tracing::warn!(
                client_id,
                ?kind,
                most = budget.most,
                "new names count for `other` today"
            );
            of_kind.full = full;
        }
    }
    let refused = names.iter().zip(answer.admitted).filter(|(_, admitted)| !admitted);
    refused.map(|(name, _)| (*name).to_owned()).collect()
}

pub(super) fn read(known: &RwLock<Known>) -> RwLockReadGuard<'_, Known> {
    known.read().unwrap_or_else(PoisonError::into_inner)
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
