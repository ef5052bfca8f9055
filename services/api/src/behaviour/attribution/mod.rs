//! Attribution: which ads get the credit of orders.

mod answer;
mod body;
mod credits;
mod orders;

pub(crate) use answer::AttributionAnswer;
pub(crate) use body::{AttributionBody, AttributionRequest, of_ads};
