//! What a resubmission counts against: the same quotas as a batch at the collector.

use std::collections::{BTreeSet, HashSet};

use aggregates::{Admission, NameBudget, NameKind};
use chrono::{DateTime, Utc};
use events::{Adjustment, Event, EventName, OTHER};
use problem::Problem;
use telemetry::Counter;
use tenancy::{TenantContext, Unit};

use super::Rejects;

impl Rejects {
    /// Charges units to the tenant's quotas.
    ///
    /// # Errors
    /// A quota is exceeded.
    pub(super) async fn charge(
        &self,
        tenant: &TenantContext,
        unit: Unit,
        units: u64,
    ) -> Result<(), Problem> {
        match self.aggregates.admit(tenant, unit, units).await {
            Admission::Admitted => Ok(()),
            Admission::RetryAfter(exceeded) => Err(web::rate_limited(exceeded)),
        }
    }

    /// Replaces the names that events may not have on the day of `now`. Returns what was replaced, for
    /// each event.
    pub(super) async fn replace_names(
        &self,
        tenant: &TenantContext,
        events: &mut [Event],
        now: DateTime<Utc>,
    ) -> Vec<Vec<Adjustment>> {
        let quotas = &tenant.limits().quotas;
        let budget = |kind, most| NameBudget { kind, day: now.date_naive(), most };
        let (mut campaigns, mut products) = (BTreeSet::new(), BTreeSet::new());
        for name in events.iter().flat_map(Event::names) {
            match name {
                EventName::Campaign(text) => campaigns.insert(text),
                EventName::Product(text) => products.insert(text),
            };
        }
        let of_campaigns = budget(NameKind::Campaign, quotas.campaigns_per_day);
        let of_products = budget(NameKind::Product, quotas.products_per_day);
        let campaigns = self.refused(tenant, of_campaigns, campaigns).await;
        let products = self.refused(tenant, of_products, products).await;
        let may_name = |name: EventName<'_>| {
            let (kind, refused) = match name {
                EventName::Campaign(text) => ("campaign", campaigns.contains(text)),
                EventName::Product(text) => ("product", products.contains(text)),
            };
            if refused {
                Counter::NamesReplaced.inc(&[kind]);
            }
            !refused
        };
        events.iter_mut().map(|event| event.replace_names(may_name)).collect()
    }

    /// Returns the names that a budget does not admit; none while Redis is unavailable.
    async fn refused(
        &self,
        tenant: &TenantContext,
        budget: NameBudget,
        names: BTreeSet<&str>,
    ) -> HashSet<String> {
        let names: Vec<_> = names.into_iter().filter(|name| *name != OTHER).collect();
        let Some(answer) = self.aggregates.admit_names(tenant, budget, &names).await else {
            return HashSet::new();
        };
        let refused = names.into_iter().zip(answer.admitted).filter(|(_, admitted)| !admitted);
        refused.map(|(name, _)| name.to_owned()).collect()
    }
}
