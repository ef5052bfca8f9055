//! The bodies of `/v1/events` as OpenAPI schemas.

mod event;
mod form;
mod problem;

pub(super) use event::{BatchDocument, EventDocument};
pub(super) use problem::{RejectedDocument, UnstoredDocument};
