//! `/v1/dimensions`.

pub(crate) mod list;
