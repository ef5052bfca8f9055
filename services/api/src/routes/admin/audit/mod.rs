//! `/v1/admin/audit`.

pub(crate) mod list;
