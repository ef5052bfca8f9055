#![doc = include_str!("../README.md")]

mod chain;
mod exposition;
mod lazy_span;
mod logs;
mod metric;
mod names;
mod process;
mod requests;
mod series;
mod store_call;

pub use chain::chain;
pub use exposition::{register, render, state_build, state_settings};
pub use lazy_span::{LazySpan, set_lazy_span};
pub use logs::{LogFormat, TelemetryError, TelemetrySettings, init};
pub use names::{Age, Counter, Gauge, Histogram};
pub use requests::Requests;
pub use series::{CacheSeries, CounterSeries};
pub use store_call::{StoreCall, StoreFailure};
