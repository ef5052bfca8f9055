//! `/v1/users/{id}/sessions`, for owners.

pub(crate) mod end;
pub(crate) mod end_all;
pub(crate) mod list;
