//! Sends events to a collector over its public API, with retries until each has an outcome.

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

/// How many requests are in flight at a time.
pub(crate) const IN_FLIGHT: usize = 4;

/// How often progress is reported while no request is answered.
const REPORT_EVERY: Duration = Duration::from_millis(500);

/// Sends the received batches, several at a time, until the channel closes; `report` receives the
/// progress and why requests are being retried.
///
/// # Errors
/// The collector is unavailable for longer than its patience, or refuses the request.
pub(crate) async fn send(
    collector: &Collector,
    batches: mpsc::Receiver<Batch>,
    pace: Pace,
    report: impl Fn(&Tally, Option<String>),
) -> Result<Tally, Failure> {
    let paced = stream::unfold((batches, pace), |(mut batches, mut pace)| async move {
        let batch = batches.recv().await?;
        pace.wait_for(batch.len()).await;
        Some((batch, (batches, pace)))
    });
    let deliveries = paced.map(|batch| collector.deliver(batch)).buffer_unordered(IN_FLIGHT);
    let mut deliveries = std::pin::pin!(deliveries);
    let mut ticks = tokio::time::interval(REPORT_EVERY);
    let mut tally = Tally::default();
    loop {
        tokio::select! {
            delivered = deliveries.next() => match delivered {
                Some(delivered) => tally.merge(delivered?),
                None => return Ok(tally),
            },
            _ = ticks.tick() => {}
        }
        report(&tally, collector.trouble());
    }
}
