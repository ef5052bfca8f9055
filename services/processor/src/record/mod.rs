//! Reading records of the log, and recognising re-sends.

mod decoded;
mod recent;
mod recent_ids_cache;
#[cfg(test)]
mod recent_tests;
mod records;
mod window;

pub(crate) use decoded::{Decoded, Entries, Fold, Unreadable};
pub(crate) use recent::Recent;
pub(crate) use recent_ids_cache::RecentIdsCache;
pub(crate) use records::Records;
