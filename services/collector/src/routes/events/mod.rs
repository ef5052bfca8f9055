//! `/v1/events`.

mod documents;
pub(crate) mod post;
mod rate_limited;
