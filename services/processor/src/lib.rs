#![doc = include_str!("../README.md")]

mod archive;
mod error;
mod live;
mod member;
mod record;
mod retry;
mod settings;
mod sink;
mod store;
mod upkeep;

pub use error::ProcessorError;
pub use settings::ProcessorSettings;
pub use sink::{Parts, Sink, run};
