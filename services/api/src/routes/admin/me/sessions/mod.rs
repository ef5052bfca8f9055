//! `/v1/admin/me/sessions`.

pub(crate) mod end;
pub(crate) mod end_others;
pub(crate) mod list;
