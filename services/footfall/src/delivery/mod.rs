//! Sending events to a collector over its public API, again and again until each has an answer.

use std::time::Duration;

use futures::{StreamExt, stream};
use tokio::sync::mpsc;

use crate::exit::Failure;

mod answer;
mod batch;
mod collector;
mod outgoing;
mod pace;
mod tally;

pub(crate) use batch::{Batch, Batches};
pub(crate) use collector::Collector;
pub(crate) use outgoing::OutgoingEvent;
pub(crate) use pace::Pace;
pub(crate) use tally::Tally;

/// How many requests are under way at a time.
pub(crate) const IN_FLIGHT: usize = 4;

/// How often progress is told while nothing is answered.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// Sends the batches that come, several at a time, until they end; `tell` hears how it goes, and
/// why it does not go on.
///
/// # Errors
/// The collector stays away for longer than our patience, or refuses us.
pub(crate) async fn send(
    collector: &Collector,
    batches: mpsc::Receiver<Batch>,
    pace: Pace,
    tell: impl Fn(&Tally, Option<String>),
) -> Result<Tally, Failure> {
    let paced = stream::unfold((batches, pace), |(mut batches, mut pace)| async move {
        let batch = batches.recv().await?;
        pace.wait_for(batch.len()).await;
        Some((batch, (batches, pace)))
    });
    let deliveries = paced.map(|batch| collector.deliver(batch)).buffer_unordered(IN_FLIGHT);
    let mut deliveries = std::pin::pin!(deliveries);
    let mut ticks = tokio::time::interval(TELL_EVERY);
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            delivered = deliveries.next() => match delivered {
                Some(delivered) => tally.merge(delivered?),
                None => return Ok(tally),
            },
            _ = ticks.tick() => {}
        }
        tell(&tally, collector.trouble());
    }
}
