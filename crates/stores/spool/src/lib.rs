#![doc = include_str!("../README.md")]

mod contents;
mod disk;
mod error;
#[cfg(test)]
mod fault_tests;
mod folder;
mod frame;
mod header;
mod proof;
mod queue;
mod recovery;
mod segment;
mod shared;
mod spool;
mod spool_settings;
mod writer;

pub use error::SpoolError;
pub use segment::Segment;
pub use spool::Spool;
pub use spool_settings::SpoolSettings;
