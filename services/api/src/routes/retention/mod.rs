//! `/v1/retention`.

pub(crate) mod run;
