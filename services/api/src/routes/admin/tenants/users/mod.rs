//! `/v1/admin/tenants/{id}/users`.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod renew_invitation;
pub(crate) mod reset_password;
pub(crate) mod revoke_invitation;
