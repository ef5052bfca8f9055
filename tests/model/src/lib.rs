#![doc = include_str!("../README.md")]

mod archive;
mod guards;
mod history;
mod ledger;
mod log;
mod members;
mod redis;
mod warehouse;
mod world;

pub use guards::{Guard, Guards};
pub use history::{Counterexample, Report, Step, run};
pub use warehouse::Fate;
