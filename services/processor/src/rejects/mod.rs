//! The rejects group: moves refused events from their own log to the tables of their tenants.

mod reject_row;
mod storing;
mod worker;

pub(crate) use worker::Rejects;
