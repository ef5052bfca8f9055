#![doc = include_str!("../README.md")]

mod cells;
mod error;
mod table;

pub use cells::Cells;
pub use error::TableError;
pub use table::Table;
