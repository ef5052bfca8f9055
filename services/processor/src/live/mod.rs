//! The sink to Redis: counters, rankings and the live feed, fenced.

mod deltas;
mod worker;

pub(crate) use worker::Live;
