#![doc = include_str!("../README.md")]

mod collector_settings;
mod ingest;
mod log;
mod openapi;
mod routes;
mod run;

pub use collector_settings::CollectorSettings;
pub use openapi::openapi;
pub use run::{Dependencies, drain, run};
