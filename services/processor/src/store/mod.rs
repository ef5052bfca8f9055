//! The sink to ClickHouse: plan, insert, mark.

mod bisect;
mod draft;
mod finish;
mod idle;
mod in_flight;
mod land;
mod rejects;
mod seen;
mod sizes;
mod tolerance;
mod worker;

pub(crate) use idle::idle;
pub(crate) use worker::Store;
