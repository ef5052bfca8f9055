//! The archive group: plan an object, put it, mark it.

mod memory;
mod pending;
mod state;
mod take_over;
mod worker;
mod writer;

pub(crate) use worker::Archiver;
