//! `/v1/query`.

pub(crate) mod run;
