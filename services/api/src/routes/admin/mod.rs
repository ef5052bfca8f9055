//! `/v1/admin`, for platform admins.

pub(crate) mod me;
pub(crate) mod tenants;
