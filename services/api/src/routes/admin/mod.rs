//! `/v1/admin`, for platform admins.

pub(crate) mod audit;
pub(crate) mod clusters;
pub(crate) mod me;
pub(crate) mod tenants;
pub(crate) mod usage;
