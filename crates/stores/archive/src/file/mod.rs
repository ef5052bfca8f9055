//! The content of an object: a Parquet file with one row for each record.

mod read;
mod schema;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;
