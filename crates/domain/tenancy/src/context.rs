use std::sync::Arc;

use chrono_tz::Tz;
use money::Currency;

use crate::{ClientId, Destination, Limits, Origin, Placement, Scoped, TenantRecord, TenantState};

/// The proof that the current work belongs to one tenant. Cloning shares it.
///
/// Every access to a tenant's data requires one.
#[derive(Clone, Debug)]
pub struct TenantContext {
    tenant: Arc<Tenant>,
}

#[derive(Debug)]
struct Tenant {
    record: TenantRecord,
    /// Where its rows are read; then where new rows go as well, while it is moved.
    destinations: (Destination, Option<Destination>),
}

impl TenantContext {
    pub(crate) fn new(record: TenantRecord) -> Self {
        let destination = |placement: &Placement| placement.destination(&record.client_id);
        let destinations =
            (destination(&record.placement), record.mirror.as_ref().map(destination));
        Self { tenant: Arc::new(Tenant { record, destinations }) }
    }

    /// Returns the tenant.
    pub fn client_id(&self) -> &ClientId {
        &self.tenant.record.client_id
    }

    /// Returns the tenant's display name.
    pub fn name(&self) -> &str {
        &self.tenant.record.name
    }

    /// Returns whether it may send events. A tenant that is being offboarded may only read.
    pub fn accepts_events(&self) -> bool {
        self.tenant.record.state == TenantState::Active
    }

    /// Returns tier, cluster and route version.
    pub fn placement(&self) -> &Placement {
        &self.tenant.record.placement
    }

    /// Returns the destination at which the tenant's rows are read.
    pub fn destination(&self) -> &Destination {
        &self.tenant.destinations.0
    }

    /// Returns the destinations of new rows: one, or two while the tenant is moved. The first is that of
    /// [`Self::destination`].
    pub fn destinations(&self) -> impl Iterator<Item = &Destination> {
        let (destination, mirror) = &self.tenant.destinations;
        std::iter::once(destination).chain(mirror)
    }

    /// Returns the tenant's limits.
    pub fn limits(&self) -> &Limits {
        &self.tenant.record.limits
    }

    /// Returns the time zone of its days, unless a request names another.
    pub fn time_zone(&self) -> Tz {
        self.tenant.record.time_zone
    }

    /// Returns the currency of amounts sent without one.
    pub fn currency(&self) -> Currency {
        self.tenant.record.currency
    }

    /// Returns the web origins that may read its answers. Cloning shares them.
    pub fn origins(&self) -> &Arc<[Origin]> {
        &self.tenant.record.origins
    }

    /// Scopes `value` to this tenant.
    ///
    /// Called where data enters: for input of a verified credential, and for a record of the log.
    pub fn scope<T>(&self, value: T) -> Scoped<T> {
        Scoped::new(self.clone(), value)
    }
}

/// The proof that the current work belongs to the platform and may cross tenants.
#[derive(Clone, Debug)]
pub struct PlatformContext {
    actor: Arc<str>,
}

impl PlatformContext {
    pub(crate) fn new(actor: &str) -> Self {
        Self { actor: actor.into() }
    }

    /// Returns the actor as the audit log names it: `user:<id>`, `command line` or `processor`.
    pub fn actor(&self) -> &str {
        &self.actor
    }
}
