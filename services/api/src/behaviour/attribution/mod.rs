//! Attribution: which ads get the credit of orders.

mod answer;
mod body;
mod credited;
mod credits;
mod of_query;
mod orders;

pub(crate) use answer::AttributionAnswer;
pub(crate) use body::{AttributionBody, AttributionRequest, of_ads};
pub(crate) use of_query::{QueryAttribution, QueryAttributionBody, UsedAttribution};
