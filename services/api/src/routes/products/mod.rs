//! `/v1/products`.

pub(crate) mod list;
