//! The sink to the archive: plan, put, mark.

mod left_behind;
mod memory;
mod pending;
mod worker;

pub(crate) use worker::Archiver;
