//! Events as shops send them, and the tenants that they belong to.

mod choice;
mod event;
mod history;
mod log;
mod retailers;
mod send;
mod tenants;

pub(crate) use event::{Shop, Sizes};
pub(crate) use history::History;
pub(crate) use log::{Filled, Requests, fill};
pub(crate) use retailers::Retailers;
pub(crate) use send::send;
pub(crate) use tenants::{SharedTenant, create_tenants, shared, tenant_ids};
