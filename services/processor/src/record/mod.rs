//! What a record of the log says, and whether it is a re-send.

mod decoded;
mod recent;

pub(crate) use decoded::{Decoded, Unreadable, decode};
pub(crate) use recent::recall;
