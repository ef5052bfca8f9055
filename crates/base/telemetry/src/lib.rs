#![doc = include_str!("../README.md")]

mod chain;
mod exposition;
mod logs;
mod metric;
mod names;
mod process;
mod requests;

pub use chain::chain;
pub use exposition::{register, render, state_build};
pub use logs::{LogFormat, TelemetryError, TelemetrySettings, init};
pub use names::{Age, Counter, Gauge, Histogram};
pub use requests::Request;
