//! Events as shops send them, and the tenants that they belong to.

mod choice;
mod event;
mod log;
mod retailers;
mod send;

pub(crate) use event::{Shop, Sizes};
pub(crate) use log::{Filled, fill};
pub(crate) use retailers::Retailers;
pub(crate) use send::send;
