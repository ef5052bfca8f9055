//! `/v1/rejects`, for the retailer's own people.

pub(crate) mod list;
pub(crate) mod replay;
