//! `/console/`, to which `/` leads.

pub(crate) mod redirect;
pub(crate) mod show;
