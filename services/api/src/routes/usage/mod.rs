//! `/v1/usage`.

pub(crate) mod show;
