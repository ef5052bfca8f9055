//! What a record of the log says, and whether it is a re-send.

mod canonical;
mod decoded;
mod kept;
mod recent;
#[cfg(test)]
mod recent_tests;
mod sketch;
mod window;

pub(crate) use decoded::{Decoded, Unreadable};
pub(crate) use kept::Kept;
pub(crate) use recent::Recent;
