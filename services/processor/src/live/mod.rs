//! The sink to Redis: counters, rankings and the live feed, fenced; and built anew where Redis lost
//! them.

mod base;
mod chains;
mod deltas;
mod portions;
mod reached;
mod rebuild;
mod worker;

pub(crate) use rebuild::Rebuilder;
pub(crate) use worker::Live;

/// The name of the sink in metrics.
const SINK: &str = "live";
