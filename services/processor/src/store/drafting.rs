use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    ops::ControlFlow,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use control_plane::{BatchPlan, Poison, Skip};
use events::CanonicalEvent;
use hashbrown::HashMap;
use log::{LogPlace, Offset};
use privacy::ErasedPersons;
use stream::RejectedRecord;
use tenancy::{ClientId, Destination, Scoped, TenantContext};
use warehouse::{BlockBuilder, Warehouse};

use super::{
    draft::{Draft, Load, TenantRows},
    names::{Names, Seen},
    rejects,
    tolerance::Tolerance,
};
use crate::{
    record::{Decoded, Entries, Fold, Unreadable},
    rows::{self, Rows},
};

/// Makes the draft of a batch in one pass over its records.
pub(super) struct Drafting {
    warehouse: Warehouse,
    seen: Arc<Seen>,
    /// The place of the batch's first record.
    first: LogPlace,
    entries: Entries,
    skipping: Skipping,
    skip: Skip,
    loads: HashMap<Destination, Building>,
    last: Option<Offset>,
    logged: Option<(DateTime<Utc>, DateTime<Utc>)>,
    records: u64,
    received_at: Option<DateTime<Utc>>,
    names: Names,
    late: BTreeSet<ClientId>,
    rejects: Vec<Scoped<RejectedRecord>>,
    refused: Option<(Offset, Unreadable)>,
}

/// Which records are left out.
pub(super) enum Skipping {
    /// Re-sends, events of erased persons, and as many records that hold no event as are tolerated.
    Tolerated(Tolerance, Arc<ErasedPersons>),
    /// Those of a plan that a former owner made. The plan also tells where the rows of each tenant go: its
    /// route may be another one by now.
    Planned(BatchPlan),
}

/// What [`Drafting`] made of the records.
pub(super) struct Drafted {
    /// The draft of the records before the one that was refused; `None` if there is no such record.
    pub(super) draft: Option<Draft>,
    /// The offset of the record that is not tolerated, and what is wrong with it.
    pub(super) refused: Option<(Offset, Unreadable)>,
}

/// The load of one destination.
struct Building {
    rows: Rows,
    tenants: TenantRows,
    block: BlockBuilder,
}

impl Drafting {
    pub(super) fn new(
        warehouse: &Warehouse,
        seen: &Arc<Seen>,
        first: LogPlace,
        entries: &Entries,
        skipping: Skipping,
    ) -> Self {
        Self {
            warehouse: warehouse.clone(),
            seen: Arc::clone(seen),
            first,
            entries: Arc::clone(entries),
            skipping,
            skip: Skip::default(),
            loads: HashMap::new(),
            last: None,
            logged: None,
            records: 0,
            received_at: None,
            names: Names::default(),
            late: BTreeSet::new(),
            rejects: Vec::new(),
            refused: None,
        }
    }

    /// Returns whether the record has rows; breaks at one that is not tolerated.
    fn has_rows(&mut self, record: &Decoded<'_>) -> ControlFlow<(), bool> {
        let offset = record.offset();
        match (&self.skipping, &record.event) {
            (Skipping::Planned(plan), event) => {
                return ControlFlow::Continue(event.is_ok() && !plan.skip.contains(offset));
            }
            (Skipping::Tolerated(..), Ok(_)) if record.resend => self.skip.duplicates.push(offset),
            (Skipping::Tolerated(_, erased), Ok(event)) => {
                if !erased.include(event.tenant().client_id(), event.value()) {
                    return ControlFlow::Continue(true);
                }
                self.skip.erased.push(offset);
            }
            (Skipping::Tolerated(tolerance, _), Err(unreadable)) => {
                if !tolerance.admits([offset]) {
                    self.refused = Some((offset, unreadable.clone()));
                    return ControlFlow::Break(());
                }
                let reason = unreadable.reason.clone();
                self.skip.poison.push(Poison { offset, reason });
                self.rejects.extend(rejects::unreadable(self.first, record, unreadable));
            }
        }
        ControlFlow::Continue(false)
    }

    fn add_rows(&mut self, record: &Decoded<'_>, event: &Scoped<CanonicalEvent<'_>>) {
        let received_at = event.value().received_at;
        self.received_at = Some(self.received_at.map_or(received_at, |it| it.min(received_at)));
        self.names.add(&self.seen, event, record.log_time());
        let client_id = event.tenant().client_id();
        if metrics::is_late(event.value().event_time, record.log_time())
            && !self.late.contains(client_id)
        {
            self.late.insert(client_id.clone());
        }
        let tenant = event.tenant();
        let Self { loads, skipping, entries, warehouse, first, .. } = self;
        each_destination(skipping, tenant, |destination| {
            let load = match loads.get_mut(destination) {
                Some(load) => load,
                None => loads.entry(destination.clone()).or_insert(Building {
                    rows: Rows::of(entries),
                    tenants: TenantRows::default(),
                    block: warehouse.block(first.generation, first.partition),
                }),
            };
            load.rows.add(record);
            load.tenants.add(tenant, BlockBuilder::lines(event.value()).count() as u64);
            rows::push(&mut load.block, record, BlockBuilder::lines(event.value()));
        });
    }
}

/// Calls `each` with every destination of the tenant's rows.
fn each_destination(
    skipping: &Skipping,
    tenant: &TenantContext,
    mut each: impl FnMut(&Destination),
) {
    match skipping {
        Skipping::Tolerated(..) => tenant.destinations().for_each(each),
        Skipping::Planned(plan) => {
            for planned in &plan.destinations {
                if planned.routes.contains_key(tenant.client_id()) {
                    each(&planned.destination);
                }
            }
        }
    }
}

impl Fold for Drafting {
    type Output = Drafted;

    fn add(&mut self, record: &Decoded<'_>) -> ControlFlow<()> {
        let has_rows = self.has_rows(record)?;
        self.records += 1;
        self.last = Some(record.offset());
        let log_time = record.log_time();
        let (from, to) = self.logged.unwrap_or((log_time, log_time));
        self.logged = Some((from.min(log_time), to.max(log_time)));
        if has_rows && let Ok(event) = &record.event {
            self.add_rows(record, event);
        }
        ControlFlow::Continue(())
    }

    fn finish(mut self) -> Drafted {
        let refused = self.refused.take();
        let (Some(last), Some((from, to))) = (self.last, self.logged) else {
            return Drafted { draft: None, refused };
        };
        let mut building: Vec<_> = mem::take(&mut self.loads).into_iter().collect();
        building.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let former = match &self.skipping {
            Skipping::Tolerated(..) => BTreeMap::new(),
            Skipping::Planned(plan) => plan.routes(),
        };
        let destinations = building.iter().map(|(destination, building)| {
            building.tenants.planned(destination, |tenant| former.get(tenant.client_id()).copied())
        });
        let destinations = destinations.collect();
        let loads = building
            .into_iter()
            .map(|(destination, building)| building.load(destination))
            .collect();
        let skip = match self.skipping {
            Skipping::Tolerated(..) => self.skip,
            Skipping::Planned(plan) => plan.skip,
        };
        let draft = Draft {
            plan: BatchPlan { first: self.first.offset, last, skip, destinations },
            loads,
            logged: from..=to,
            records: self.records,
            received_at: self.received_at,
            names: self.names,
            late: self.late,
            rejects: self.rejects,
        };
        Drafted { draft: Some(draft), refused }
    }
}

impl Building {
    fn load(self, destination: Destination) -> Load {
        let Self { rows, block, .. } = self;
        Load { destination, rows, block: block.finish() }
    }
}

#[cfg(test)]
#[path = "drafting_tests.rs"]
mod tests;
