//! `/v1/exports`.

pub(crate) mod events;
