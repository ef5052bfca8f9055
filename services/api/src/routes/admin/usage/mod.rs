//! `/v1/admin/usage`.

pub(crate) mod list;
