use std::time::Duration;

use aggregates::{Aggregates, AggregatesError, Claimed, StreamId, TicketClaim};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::places::Places;

/// Between two looks at whether an earlier stream is closed.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// How long Redis may take to hear that a stream is open.
const PATIENCE: Duration = Duration::from_millis(500);

/// The one open stream of a ticket, which the api processes share through Redis. Dropping it closes it.
pub(crate) struct OpenTicket {
    aggregates: Aggregates,
    ticket: [u8; 32],
    stream: String,
    places: Places,
    closed: bool,
}

impl OpenTicket {
    /// Opens a stream of a ticket from `address`; none when it may not be.
    ///
    /// While an earlier one is open this waits: a client may be back before its old connection is
    /// noticed to be closed. As soon as the earlier one is heard of again, the answer is no. When
    /// its process was killed, it is not, and is closed within [`Aggregates::TICKET_HELD`].
    pub(crate) async fn open(
        aggregates: &Aggregates,
        ticket: [u8; 32],
        address: &str,
        knows: bool,
        places: Places,
    ) -> Result<Option<Self>, AggregatesError> {
        let stream = Uuid::now_v7().simple().to_string();
        let claim = TicketClaim { stream: &stream, address, knows };
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
            sleep(LOOK_EVERY).await;
        }
        let aggregates = aggregates.clone();
        Ok(Some(Self { aggregates, ticket, stream, places, closed: false }))
    }

    /// Says that the stream is still open; whether it may be. Yes, while Redis does not answer.
    pub(crate) async fn hold(&self) -> bool {
        let held = self.aggregates.hold_ticket(&self.ticket, &self.stream);
        !matches!(timeout(PATIENCE, held).await, Ok(Ok(false)))
    }

    /// The `id:` of a place.
    pub(crate) fn signed(&self, place: StreamId) -> String {
        self.places.signed(place)
    }

    /// Closes the stream, so that the client can open another at once.
    pub(crate) async fn close(mut self) {
        self.closed = true;
        close(&self.aggregates, &self.ticket, &self.stream).await;
    }
}

/// A stream that Redis does not hear of is closed, too, only later.
async fn close(aggregates: &Aggregates, ticket: &[u8; 32], stream: &str) {
    if let Err(error) = aggregates.release_ticket(ticket, stream).await {
        let error = &error as &dyn std::error::Error;
        tracing::debug!(error, "a ticket is held until its time is over");
    }
}

impl Drop for OpenTicket {
    fn drop(&mut self) {
        if let (false, Ok(runtime)) = (self.closed, Handle::try_current()) {
            let (aggregates, ticket) = (self.aggregates.clone(), self.ticket);
            let stream = std::mem::take(&mut self.stream);
            runtime.spawn(async move { close(&aggregates, &ticket, &stream).await });
        }
    }
}
