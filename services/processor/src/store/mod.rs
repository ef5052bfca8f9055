//! The store group: plan a batch, insert it into ClickHouse, mark it.

mod ahead;
mod bisect;
mod draft;
mod drafting;
mod finish;
mod in_flight;
mod land;
mod names;
mod poison;
mod rejects;
mod sizes;
mod tolerance;
mod worker;

pub(crate) use worker::Store;
