//! The sink of refused events: from their own log to the tables of their tenants.

mod kept;
mod worker;

pub(crate) use worker::Rejects;
