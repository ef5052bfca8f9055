#![doc = include_str!("../README.md")]

mod logs;
mod metric;
mod names;

pub use logs::{LogFormat, TelemetryError, TelemetrySettings, init};
pub use metric::render;
pub use names::{Counter, Gauge, Histogram};
