//! Live streams: server-sent events of one campaign, fed by the processor through Redis.
//!
//! A stream begins with a `snapshot` (or, after a reconnect, with what was missed) and goes on with
//! `update` frames that carry whole quarter hours: a later one replaces an earlier one. There is no
//! queue between the feed and a client; who is slow gets fewer, merged frames. Where Redis lost its
//! counters the feed only names what changed, and the stream reads it from the reports.

mod create_ticket;
mod frames;
mod open_streams;
mod open_ticket;
mod places;
mod redeem;
mod reports;
mod stream;
mod stream_campaign;
#[cfg(test)]
mod tests;
mod ticket;
mod unsettled;

use std::sync::Arc;

use actix_web::{
    middleware::from_fn,
    web::{ServiceConfig, resource},
};
use aggregates::{Aggregates, LiveFeed};

pub use create_ticket::{NewTicket, Ticket, create_ticket};
pub use reports::{LiveReport, LiveReports};
pub use stream_campaign::{LiveQuery, stream_campaign};

// What `OpenApi` looks for beside the handlers.
#[doc(hidden)]
pub use create_ticket::__path_create_ticket;
#[doc(hidden)]
pub use stream_campaign::__path_stream_campaign;

use open_streams::OpenStreams;

/// What live streams need. App data; cloning is cheap.
#[derive(Clone)]
pub struct Live {
    aggregates: Aggregates,
    feed: LiveFeed,
    reports: Arc<dyn LiveReports>,
    open: OpenStreams,
    trust_forwarded_for: bool,
}

impl Live {
    /// Streams what `feed` brings, beginning with what `reports` tells. A ticket stays at the address
    /// of its client, which a load balancer tells when it is trusted to.
    pub fn new(
        aggregates: Aggregates,
        feed: LiveFeed,
        reports: Arc<dyn LiveReports>,
        trust_forwarded_for: bool,
    ) -> Self {
        Self { aggregates, feed, reports, open: OpenStreams::default(), trust_forwarded_for }
    }
}

/// The routes; [`Live`] must be app data.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            resource("/v1/campaigns/{id}/live").wrap(from_fn(redeem::redeem)).get(stream_campaign),
        )
        .service(resource("/v1/live/tickets").post(create_ticket));
}
