//! `/v1/attribution`.

pub(crate) mod run;
