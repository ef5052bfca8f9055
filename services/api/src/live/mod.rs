//! Live streams: server-sent events of one campaign or of many, which the processor feeds through Redis.
//!
//! A stream begins with a `snapshot` (or, after a reconnect, with what was missed). It continues with
//! `update` frames of whole quarter hours: a later frame replaces an earlier one. There is no queue
//! between the feed and a client: a slow client gets fewer, merged frames. Where Redis lost its
//! counters, the feed only names the changed quarter hours, and they are read from the reports.
//!
//! All streams of a campaign have one [`broadcast`], and so have all streams of several campaigns of a
//! tenant. It makes each frame once and writes it to the clients' sockets. The server hands these over after the head of the response
//! (`docs/adr/0030-a-broadcast-owns-its-clients-sockets.md`).

mod broadcast;
mod client;
mod clients;
mod command;
mod digest;
mod feed;
mod form;
mod frames;
mod hub;
mod incomplete;
mod jobs;
mod open_streams;
mod open_ticket;
mod opening;
mod order;
mod outlet;
mod places;
mod read_schedule;
mod reports;
mod seat;
mod selection;
mod sockets;
mod stream_reports;
#[cfg(test)]
mod tests;
mod ticket;
mod view;
mod views;

use std::sync::Arc;

use aggregates::{Aggregates, LiveFeed};
use lifecycle::Lifecycle;

pub(crate) use hub::{Choice, MAX_NAMED, Viewer, Watched};
pub(crate) use open_streams::OpenStreams;
pub(crate) use open_ticket::OpenTicket;
pub(crate) use opening::Wanted;
pub(crate) use places::read as read_place;
pub(crate) use reports::{LiveReport, LiveReports};
pub(crate) use seat::Seat;
pub(crate) use stream_reports::StreamReports;
pub(crate) use ticket::{TicketSecret, TicketStream};

use hub::Hub;

/// The dependencies of live streams. App data; cloning is cheap.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) aggregates: Aggregates,
    feed: LiveFeed,
    pub(crate) reports: Arc<dyn LiveReports>,
    hub: Hub,
    open: OpenStreams,
    pub(crate) trust_forwarded_for: bool,
}

impl Live {
    /// Returns the open streams.
    pub(crate) fn open_streams(&self) -> &OpenStreams {
        &self.open
    }

    /// Creates streams of `feed` that begin with `reports` and end with `lifecycle`. A ticket is
    /// valid at its client's network address only; `trust_forwarded_for` says whether the load
    /// balancer reports that.
    pub(crate) fn new(
        aggregates: Aggregates,
        feed: LiveFeed,
        reports: Arc<dyn LiveReports>,
        lifecycle: &Lifecycle,
        trust_forwarded_for: bool,
    ) -> Self {
        let hub = Hub::new(lifecycle);
        Self { aggregates, feed, reports, hub, open: OpenStreams::default(), trust_forwarded_for }
    }
}
