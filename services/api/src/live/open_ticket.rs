use std::time::Duration;

use aggregates::{Aggregates, AggregatesError, Claimed, TicketClaim};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::places::{Place, Places};

/// Between two checks whether an earlier stream is closed.
const CHECK_EVERY: Duration = Duration::from_millis(200);
/// The most time for the report that a stream is open.
const HOLD_TIMEOUT: Duration = Duration::from_millis(500);

/// The one open stream of a ticket, which the api processes share through Redis. Dropping it closes it.
pub(crate) struct OpenTicket {
    aggregates: Aggregates,
    ticket: [u8; 32],
    stream: String,
    places: Places,
    closed: bool,
}

impl OpenTicket {
    /// Opens a stream of a ticket from `address`; `None` when it may not be opened.
    ///
    /// While an earlier stream counts as open this waits: a client may reconnect before the end of
    /// its old connection is detected. If the process of the earlier stream reports it open again,
    /// the claim is refused. A killed process does not, and its stream counts as closed within
    /// [`Aggregates::STREAM_TIMEOUT`].
    pub(crate) async fn open(
        aggregates: &Aggregates,
        ticket: [u8; 32],
        address: &str,
        resumes: bool,
        places: Places,
    ) -> Result<Option<Self>, AggregatesError> {
        let stream = Uuid::now_v7().simple().to_string();
        let claim = TicketClaim { stream: &stream, address, resumes };
        let mut earlier = None;
        loop {
            match aggregates.claim_ticket(&ticket, &claim).await? {
                Claimed::Open => break,
                Claimed::Refused => return Ok(None),
                Claimed::Held(until) if earlier.is_some_and(|earlier| until > earlier) => {
                    return Ok(None);
                }
                Claimed::Held(until) => earlier = Some(until),
            }
            sleep(CHECK_EVERY).await;
        }
        let aggregates = aggregates.clone();
        Ok(Some(Self { aggregates, ticket, stream, places, closed: false }))
    }

    /// Reports that the stream is still open. Returns whether it may be; yes while Redis does not
    /// answer.
    pub(crate) async fn hold(&self) -> bool {
        let held = self.aggregates.hold_ticket(&self.ticket, &self.stream);
        !matches!(timeout(HOLD_TIMEOUT, held).await, Ok(Ok(false)))
    }

    /// Returns the `id:` of a place.
    pub(crate) fn signed(&self, place: Place) -> String {
        self.places.signed(place)
    }

    /// Closes the stream, so that the client can open another at once.
    pub(crate) async fn close(mut self) {
        self.closed = true;
        close(&self.aggregates, &self.ticket, &self.stream).await;
    }
}

/// Reports that a stream is closed. If the report fails, the ticket is held until it times out.
async fn close(aggregates: &Aggregates, ticket: &[u8; 32], stream: &str) {
    if let Err(error) = aggregates.release_ticket(ticket, stream).await {
        let error = &error as &dyn std::error::Error;
        tracing::debug!(error, "a ticket remains held until it times out");
    }
}

impl Drop for OpenTicket {
    fn drop(&mut self) {
        if let (false, Ok(runtime)) = (self.closed, Handle::try_current()) {
            let aggregates = self.aggregates.clone();
            let ticket = self.ticket;
            let stream = std::mem::take(&mut self.stream);
            runtime.spawn(async move { close(&aggregates, &ticket, &stream).await });
        }
    }
}
