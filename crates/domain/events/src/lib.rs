#![doc = include_str!("../README.md")]

mod event;
mod event_type;
mod fields;
mod items;
mod parse;
mod rejection;
mod split;

pub use event::{Event, Item};
pub use event_type::EventType;
pub use parse::{Admission, EVENT_MAX, parse, sent_id};
pub use rejection::{Rejection, RejectionCode};
pub use split::{Batch, BatchError, BodyForm, split};
