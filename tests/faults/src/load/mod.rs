//! The traffic: shops that send events, send them again, and do not give up too soon.

mod client;
mod event;

pub(crate) use client::{Load, Target, Traffic};
pub(crate) use event::{CAMPAIGNS, Event, Kind};
