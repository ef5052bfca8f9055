//! `/v1/metrics`.

pub(crate) mod list;
