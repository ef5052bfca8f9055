use std::sync::Arc;

use chrono_tz::Tz;
use money::Currency;

use crate::{ClientId, Destination, Limits, Origin, Placement, Scoped, TenantRecord};

/// The proof that the work at hand is one tenant's. Cloning shares it.
///
/// Every road to a tenant's data asks for one of these.
#[derive(Clone, Debug)]
pub struct TenantContext {
    tenant: Arc<Tenant>,
}

#[derive(Debug)]
struct Tenant {
    record: TenantRecord,
    destination: Destination,
}

impl TenantContext {
    pub(crate) fn new(record: TenantRecord) -> Self {
        let destination = record.placement.destination(&record.client_id);
        Self { tenant: Arc::new(Tenant { record, destination }) }
    }

    /// Who.
    pub fn client_id(&self) -> &ClientId {
        &self.tenant.record.client_id
    }

    /// The name people know the tenant by.
    pub fn name(&self) -> &str {
        &self.tenant.record.name
    }

    /// Tier, cluster and route version.
    pub fn placement(&self) -> &Placement {
        &self.tenant.record.placement
    }

    /// The tables the tenant's rows are in.
    pub fn destination(&self) -> &Destination {
        &self.tenant.destination
    }

    /// What the tenant may use.
    pub fn limits(&self) -> &Limits {
        &self.tenant.record.limits
    }

    /// The zone its days begin in, unless a request names another.
    pub fn time_zone(&self) -> Tz {
        self.tenant.record.time_zone
    }

    /// The currency of amounts sent without one.
    pub fn currency(&self) -> Currency {
        self.tenant.record.currency
    }

    /// Whose pages may read its answers. Cloning shares them.
    pub fn origins(&self) -> &Arc<[Origin]> {
        &self.tenant.record.origins
    }

    /// Marks `value` as this tenant's.
    ///
    /// Called where data enters: on what a verified credential sent, and on a record of the log.
    pub fn scope<T>(&self, value: T) -> Scoped<T> {
        Scoped::new(self.clone(), value)
    }
}

/// The proof that the work at hand is the platform's own, across tenants.
#[derive(Clone, Debug)]
pub struct PlatformContext {
    actor: Arc<str>,
}

impl PlatformContext {
    pub(crate) fn new(actor: &str) -> Self {
        Self { actor: actor.into() }
    }

    /// Who acts, as the audit log names them: `user:<id>`, `cli` or `processor`.
    pub fn actor(&self) -> &str {
        &self.actor
    }
}
