//! Parked events: those over a quota whose tenant keeps them. One process at a time reads their log, counts what is
//! there, and carries out the orders of owners: it releases events into the log of events, or erases them.
//!
//! Each step can be repeated: an event that a step has released before it was killed is recognised (see `release`).

mod count;
mod release;
mod settle;

use std::time::Duration;

use chrono::Utc;
use control_plane::{OpenParkedOrder, PlatformControl};
use lifecycle::{BoxError, every};
use stream::{LogReader, Producer};
use telemetry::{Age, Counter};
use tokio_util::sync::CancellationToken;

use crate::{Dependencies, ProcessorError};

/// How often the log is counted, and orders are looked for.
const PERIOD: Duration = Duration::from_secs(2);

/// What parked events are counted and released with.
struct Parked<'a> {
    dependencies: &'a Dependencies,
    platform: &'a PlatformControl,
    reader: &'a LogReader,
    producer: &'a Producer,
}

/// Counts, releases, erases and expires parked events until the process stops.
pub(crate) async fn run(
    dependencies: Dependencies,
    token: CancellationToken,
) -> Result<(), BoxError> {
    let platform = dependencies.control_plane.for_platform(&dependencies.platform());
    let reader = LogReader::of_parked(&dependencies.kafka, dependencies.router.clone())?;
    let producer = Producer::new(&dependencies.kafka)?;
    let parked = Parked {
        dependencies: &dependencies,
        platform: &platform,
        reader: &reader,
        producer: &producer,
    };
    let mut rounds = every(PERIOD, token, "count and release parked events");
    while rounds.begin().await {
        rounds.run(parked.round()).await;
    }
    Ok(())
}

impl Parked<'_> {
    async fn round(&self) -> Result<(), BoxError> {
        Age::ParkedOldest.set(&[], self.platform.oldest_parked().await?);
        let ledger = self.dependencies.control_plane.ledger();
        let Some(mut lease) = ledger.begin_parked().await? else {
            return Ok(());
        };
        lease.during(self.proceed()).await??;
        Ok(lease.end().await?)
    }

    async fn proceed(&self) -> Result<(), ProcessorError> {
        let expired = self.platform.expire_parked(Utc::now() - LogReader::PARKED_FOR).await?;
        Counter::ParkedEvents.add(&["expired"], expired);
        // Read first: what was parked before an order was given is counted below.
        let orders = self.platform.open_parked_orders().await?;
        let topic_id = self.reader.topic_id().await?.to_string();
        self.count(&topic_id).await?;
        for order in &orders {
            if let Err(error) = self.carry_out(order, &topic_id).await {
                // The stores of another tenant may be available.
                let OpenParkedOrder { client_id, order_id, .. } = order;
                let error = telemetry::chain(&error);
                tracing::warn!(%client_id, %order_id, error, "parked events wait, will be repeated");
            }
        }
        Ok(())
    }
}
