//! What a resubmission counts against: the same quotas as a batch at the collector.

use std::collections::BTreeSet;

use aggregates::{Admission, NameBudget, NameKind};
use chrono::{DateTime, NaiveDate, Utc};
use events::{Adjustment, Event, EventName, EventNames};
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
        let mut names = EventNames::default();
        events.iter().flat_map(Event::names).for_each(|name| names.insert(name));
        let EventNames { campaigns, products } = names;
        let day = now.date_naive();
        let refused = EventNames {
            campaigns: self.refused(tenant, NameKind::Campaign, day, campaigns).await,
            products: self.refused(tenant, NameKind::Product, day, products).await,
        };
        let may_name = |name: EventName<'_>| {
            let is_refused = refused.contains(name);
            if is_refused {
                Counter::NamesReplaced.inc(&[name.kind()]);
            }
            !is_refused
        };
        events.iter_mut().map(|event| event.replace_names(may_name)).collect()
    }

    /// Returns the names that the tenant's budget does not admit; none while Redis is unavailable.
    async fn refused(
        &self,
        tenant: &TenantContext,
        kind: NameKind,
        day: NaiveDate,
        names: BTreeSet<String>,
    ) -> BTreeSet<String> {
        let budget = NameBudget::of(tenant, kind, day);
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        match self.aggregates.admit_names(tenant, budget, &names).await {
            Some(answer) => answer.refused(&names),
            None => BTreeSet::new(),
        }
    }
}
