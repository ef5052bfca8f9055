//! `/v1/events`

pub(crate) mod post;
