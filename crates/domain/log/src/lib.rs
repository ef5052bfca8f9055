#![doc = include_str!("../README.md")]

mod coordinate;
mod generation;
mod offset;
mod partition;
mod place;
mod range;

pub use generation::Generation;
pub use offset::Offset;
pub use partition::Partition;
pub use place::LogPlace;
pub use range::LogRange;
