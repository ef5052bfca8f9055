#![doc = include_str!("../README.md")]

mod canonical;
mod entries;
mod envelope;
mod event;
mod event_type;
mod field_names;
mod fields;
mod identity;
mod items;
mod json;
mod name;
mod naming;
mod notes;
mod number;
mod opening;
mod other;
mod parse;
mod properties;
mod reader;
mod rejection;
mod split;
mod surrogates;
mod text;
mod time;

pub use canonical::{CanonicalEvent, CanonicalItem};
pub use envelope::Envelope;
pub use event::{Event, Item};
pub use event_type::EventType;
pub use field_names::{is_customer_field, is_visitor_field};
pub use identity::EventIds;
pub use notes::{Adjustment, Warning, WarningCode};
pub use other::{EventName, EventNames, OTHER};
pub use parse::{
    EVENT_MAX, ParseContext, ParsedEvent, WrittenEvent, parse, sent_id, write, write_named,
};
pub use rejection::{Rejection, RejectionCode, Rejections};
pub use split::{Batch, BatchError, BodyForm, split};
