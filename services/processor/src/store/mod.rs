//! The sink to ClickHouse: plan, insert, mark.

mod draft;
mod land;
mod seen;
mod worker;

pub(crate) use worker::Store;
