//! `/v1/rejects`, for the tenant's own users.

pub(crate) mod list;
pub(crate) mod replay;
pub(crate) mod resubmit;
