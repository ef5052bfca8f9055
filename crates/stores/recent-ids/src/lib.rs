#![doc = include_str!("../README.md")]

mod budget;
mod disk;
mod entry;
mod error;
mod filter;
mod folder;
mod memory;
mod open;
mod recent_ids;
mod run;
mod stretch;

pub use error::RecentIdsError;
pub use memory::Memory;
pub use recent_ids::{RecentIds, Remembered};
