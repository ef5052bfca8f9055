//! `/v1/admin`, for platform admins.

pub(crate) mod tenants;
