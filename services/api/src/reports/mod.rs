//! Campaign metrics: the query, the sources of the numbers, the answer.

mod answer;
mod campaign_reports;
mod numbers;
mod query;
mod schemas;
mod sources;
mod tenant_cache;
mod values;

pub(crate) use answer::MetricsAnswer;
pub(crate) use campaign_reports::Reports;
pub(crate) use query::{MetricsQuery, MetricsRequest, moment};
pub(crate) use sources::Sources;
pub(crate) use values::{Currencies, Values};
