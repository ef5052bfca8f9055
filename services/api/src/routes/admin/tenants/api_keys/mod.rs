//! `/v1/admin/tenants/{id}/api-keys`: the keys that write events. The owner manages the keys that read.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
