//! `/v1/me`.

pub(crate) mod change_password;
pub(crate) mod sessions;
pub(crate) mod show;
