//! The live group: counters, rankings and the live feed in Redis, applied exactly once by fences, and
//! rebuilt from ClickHouse where Redis lost them.

mod base;
mod chains;
mod deltas;
mod known_fences;
mod portions;
mod rebuild;
mod worker;

pub(crate) use rebuild::Rebuilder;
pub(crate) use worker::Live;
