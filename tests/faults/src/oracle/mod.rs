//! Compares the requests and answers with the data of the platform.

mod archive;
mod clickhouse;
mod comparison;
mod counts;
mod journal;
mod live_stream;
mod stores;

pub(crate) use archive::archived;
pub(crate) use clickhouse::{drop_database, set_window};
pub(crate) use comparison::{Differences, Sources, compare};
pub(crate) use journal::{Answer, Answers, Journal};
pub(crate) use live_stream::LiveStream;
pub(crate) use stores::Stores;
