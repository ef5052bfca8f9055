//! The traffic: shops that send events, send some again, and retry when they are not accepted.

mod client;
mod event;

pub(crate) use client::{Load, Target, Traffic};
pub(crate) use event::{CAMPAIGNS, Event, Kind};
