//! `/v1/admin/tenants/{id}/api-keys`: the keys that write events. Those that read are the owner's.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;
