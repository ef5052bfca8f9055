//! Live streams: server-sent events of one campaign, which the processor feeds through Redis.
//!
//! A stream begins with a `snapshot` (or, after a reconnect, with what was missed). It continues with
//! `update` frames of whole quarter hours: a later frame replaces an earlier one. There is no queue
//! between the feed and a client: a slow client gets fewer, merged frames. Where Redis lost its
//! counters, the feed only names the changed quarter hours, and the stream reads them from the
//! reports.

mod frames;
mod incomplete;
mod open_streams;
mod open_ticket;
mod places;
mod reports;
mod stream;
mod stream_reports;
#[cfg(test)]
mod tests;
mod ticket;

use std::sync::Arc;

use aggregates::{Aggregates, LiveFeed};

pub(crate) use open_ticket::OpenTicket;
pub(crate) use places::read as read_place;
pub(crate) use reports::{LiveReport, LiveReports};
pub(crate) use stream::{CampaignStream, Client};
pub(crate) use stream_reports::StreamReports;
pub(crate) use ticket::TicketSecret;

use open_streams::OpenStreams;

/// The dependencies of live streams. App data; cloning is cheap.
#[derive(Clone)]
pub(crate) struct Live {
    pub(crate) aggregates: Aggregates,
    feed: LiveFeed,
    pub(crate) reports: Arc<dyn LiveReports>,
    open: OpenStreams,
    pub(crate) trust_forwarded_for: bool,
}

impl Live {
    /// Creates streams of `feed` that begin with `reports`. A ticket is valid at its client's
    /// network address only; `trust_forwarded_for` says whether the load balancer reports that.
    pub(crate) fn new(
        aggregates: Aggregates,
        feed: LiveFeed,
        reports: Arc<dyn LiveReports>,
        trust_forwarded_for: bool,
    ) -> Self {
        Self { aggregates, feed, reports, open: OpenStreams::default(), trust_forwarded_for }
    }
}
