//! `/v1/funnels`.

pub(crate) mod run;
