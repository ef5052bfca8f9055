//! Campaign metrics: the query, the sources of the numbers, the answer.

mod answer;
mod campaign_reports;
mod numbers;
mod query;
pub(crate) mod retained;
pub(crate) mod schemas;
mod sources;
mod tenant_cache;
mod values;

pub(crate) use answer::{LATE_EVENTS, MetricsAnswer};
pub(crate) use campaign_reports::Reports;
pub(crate) use query::{MetricsQuery, MetricsRequest, moment, within_limits};
pub(crate) use retained::Reads;
pub(crate) use sources::Sources;
pub(crate) use tenant_cache::{Cached, TenantCache};
pub(crate) use values::{Currencies, Values};
