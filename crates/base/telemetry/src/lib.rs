#![doc = include_str!("../README.md")]

mod chain;
mod exemplars;
mod exposition;
mod json_lines;
mod lazy_span;
mod log_filter;
mod logs;
mod metric;
mod names;
mod process;
mod requests;
mod series;
mod store_call;
mod traces;

pub use chain::chain;
pub use exposition::{register, render, render_openmetrics, state_build, state_settings};
pub use lazy_span::{LazySpan, set_lazy_span};
pub use log_filter::{LogFilter, LogFilterError};
pub use logs::{LogFormat, TelemetryError, TelemetrySettings, init};
pub use names::{Age, Counter, Gauge, Histogram};
pub use requests::Requests;
pub use series::{CacheSeries, CounterSeries};
pub use store_call::{StoreCall, StoreFailure};
pub use traces::{
    InSpan, TraceSettings, TraceSpan, end_traces, in_span, trace_id_in, traceparent, traces_are_on,
};
