//! Reading records of the log, and recognising re-sends.

mod canonical;
mod decoded;
mod recent;
mod recent_ids_cache;
#[cfg(test)]
mod recent_tests;
mod sketch;
mod window;

pub(crate) use decoded::{Decoded, Unreadable};
pub(crate) use recent::{Recent, Until};
pub(crate) use recent_ids_cache::RecentIdsCache;
