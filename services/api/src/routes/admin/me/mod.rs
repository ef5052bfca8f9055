//! `/v1/admin/me`.

pub(crate) mod change_password;
pub(crate) mod sessions;
