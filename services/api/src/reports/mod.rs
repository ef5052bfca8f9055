//! Campaign metrics: what is asked, where the numbers come from, how they are answered.

mod answer;
mod cache;
mod numbers;
mod query;
mod schemas;
mod sources;
mod values;

pub(crate) use answer::MetricsAnswer;
pub(crate) use cache::Reports;
pub(crate) use query::{MetricsQuery, MetricsRequest, moment};
pub(crate) use sources::Sources;
pub(crate) use values::{Currencies, Values};
