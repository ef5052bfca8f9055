use std::{
    collections::{BTreeSet, HashMap, HashSet, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use aggregates::{Aggregates, FullNames, NameBudget, NameKind};
use chrono::{DateTime, NaiveDate, Utc};
use events::{EventName, EventNames};
use tenancy::{ClientId, TenantContext};

/// How many names of all tenants are remembered before all are forgotten and, harmlessly, asked for again.
/// They take up to 40 MB. The filter of a tenant whose quota is used up is not counted: the quota says how
/// large it is.
const MOST: usize = 2_000_000;

/// Which campaigns and products events may name: at first all that are new, and of each tenant so many
/// different ones a day. Others become `other`, before the log has them: so every sink and every backfill
/// agree.
///
/// A collect key is public. Without an end, a client with it fills the lists, the counters and
/// the dictionaries that all tenants share.
#[derive(Default)]
pub(super) struct Names(Mutex<OfDay>);

/// What this process knows of a day. An earlier one is forgotten.
#[derive(Default)]
struct OfDay {
    day: NaiveDate,
    tenants: HashMap<ClientId, Arc<RwLock<Known>>>,
    /// About how many names are remembered, of all tenants.
    remembered: usize,
}

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

impl Names {
    /// Returns what is known of the tenant's names on the day of `now`.
    pub(super) fn of(&self, tenant: &TenantContext, now: DateTime<Utc>) -> Arc<RwLock<Known>> {
        let day = now.date_naive();
        let campaigns = NameBudget::of(tenant, NameKind::Campaign, day);
        let products = NameBudget::of(tenant, NameKind::Product, day);
        let mut of_day = self.of_day();
        if day > of_day.day {
            *of_day = OfDay { day, ..OfDay::default() };
        }
        if let Some(known) = of_day.tenants.get(tenant.client_id())
            && read(known).is_of(campaigns, products)
        {
            return known.clone();
        }
        let nothing = Known { campaigns: campaigns.into(), products: products.into() };
        let new = Arc::new(RwLock::new(nothing));
        // A request that began before midnight and was sent slowly is of the day before.
        if day == of_day.day {
            of_day.tenants.insert(tenant.client_id().clone(), new.clone());
        }
        new
    }

    /// Asks which unknown names may be named, and remembers it. Returns those that may not.
    pub(super) async fn ask(
        &self,
        aggregates: &Aggregates,
        tenant: &TenantContext,
        known: &RwLock<Known>,
        asked: EventNames,
    ) -> EventNames {
        let EventNames { campaigns, products } = asked;
        EventNames {
            campaigns: self.ask_for(aggregates, tenant, known, NameKind::Campaign, campaigns).await,
            products: self.ask_for(aggregates, tenant, known, NameKind::Product, products).await,
        }
    }

    async fn ask_for(
        &self,
        aggregates: &Aggregates,
        tenant: &TenantContext,
        known: &RwLock<Known>,
        kind: NameKind,
        unknown: BTreeSet<String>,
    ) -> BTreeSet<String> {
        if unknown.is_empty() {
            return unknown;
        }
        let budget = read(known).of(kind).budget;
        let names: Vec<_> = unknown.iter().map(String::as_str).collect();
        let Some(answer) = aggregates.admit_names(tenant, budget, &names).await else {
            return BTreeSet::new();
        };
        let full = match answer.is_full {
            true => aggregates.full_names(tenant, budget).await,
            false => None,
        };
        let admitted = names.iter().zip(&answer.admitted).filter(|(_, admitted)| **admitted);
        let hashes: Vec<_> = admitted.map(|(name, _)| hash(name)).collect();
        let (before, after) = {
            let mut of_tenant = known.write().unwrap_or_else(PoisonError::into_inner);
            let of_kind = of_tenant.of_mut(kind);
            let before = of_kind.admitted.len();
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
            match of_kind.full {
                // It has every name that was admitted.
                Some(_) => of_kind.admitted = HashSet::new(),
                None => of_kind.admitted.extend(hashes),
            }
            (before, of_kind.admitted.len())
        };
        self.remember(before, after);
        answer.refused(&names)
    }

    /// Counts the names of a kind that are known of a tenant. Forgets those of all tenants if they are too many.
    fn remember(&self, before: usize, after: usize) {
        let mut of_day = self.of_day();
        of_day.remembered = of_day.remembered.saturating_sub(before).saturating_add(after);
        if of_day.remembered > MOST {
            *of_day = OfDay { day: of_day.day, ..OfDay::default() };
        }
    }

    fn of_day(&self) -> MutexGuard<'_, OfDay> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
    pub(super) fn admits(&self, name: EventName<'_>, asked: &mut EventNames) -> bool {
        let (known, text) = match name {
            EventName::Campaign(text) => (&self.campaigns, text),
            EventName::Product(text) => (&self.products, text),
        };
        if known.admitted.contains(&hash(text)) || text == events::OTHER {
            return true;
        }
        match &known.full {
            Some(full) => full.contains(text),
            None => {
                asked.insert(name);
                true
            }
        }
    }
}

impl From<NameBudget> for KnownNames {
    fn from(budget: NameBudget) -> Self {
        Self { budget, admitted: HashSet::new(), full: None }
    }
}

pub(super) fn read(known: &RwLock<Known>) -> RwLockReadGuard<'_, Known> {
    known.read().unwrap_or_else(PoisonError::into_inner)
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use testkit::{tenant_context, tenant_record};

    use super::*;

    async fn tenant(client_id: &str) -> TenantContext {
        tenant_context(tenant_record(&client_id.parse().unwrap())).await
    }

    #[tokio::test]
    async fn what_is_known_of_a_day_is_forgotten_on_the_next_one() {
        let names = Names::default();
        let [evening, midnight] =
            ["2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z"].map(|text| text.parse().unwrap());
        let (acme, globex) = (tenant("acme").await, tenant("globex").await);
        let known = names.of(&acme, evening);
        assert!(Arc::ptr_eq(&known, &names.of(&acme, evening)));
        let known = names.of(&globex, midnight);
        assert_eq!(names.of_day().tenants.len(), 1, "nothing is kept of the day before");
        names.of(&globex, evening);
        assert!(
            Arc::ptr_eq(&known, &names.of(&globex, midnight)),
            "a late request changes nothing"
        );
    }

    #[tokio::test]
    async fn the_names_of_all_tenants_together_are_bounded() {
        let names = Names::default();
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        for client_id in ["acme", "globex"] {
            names.of(&tenant(client_id).await, now);
        }
        names.remember(0, MOST / 2);
        names.remember(MOST / 2, MOST / 2 + 1);
        assert_eq!(names.of_day().tenants.len(), 2);
        names.remember(0, MOST / 2);
        assert!(names.of_day().tenants.is_empty(), "all are forgotten");
        assert_eq!(names.of_day().remembered, 0);
    }
}
