//! A load generator that costs little: HTTP/1.1 over plain sockets, requests made beforehand.

mod connection;
mod outcome;
mod request;
mod run;

pub(crate) use connection::Connection;
pub(crate) use outcome::{Load, Outcome};
pub(crate) use request::{get, post};
pub(crate) use run::Target;
