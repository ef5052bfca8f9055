//! `/v1/windows`.

pub(crate) mod run;
