//! `/v1/sessions`.

pub(crate) mod show;
