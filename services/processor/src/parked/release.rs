//! Releases parked events into the log of events, each once.
//!
//! The sinks recognise a second copy of an event for 24 hours. What lies further back is in the tenant's tables. So an
//! event is looked up there first, and is published only if the tables have everything that the log received until
//! 22 hours ago: whatever they lack is younger, and its copy will be recognised. It makes no difference whether the
//! earlier copy is from an interrupted step, from another order, or was sent again by its sender and accepted.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use control_plane::Group;
use serde::Deserialize;
use stream::{EventRecord, LogReader, LogRecord, PublishOutcome};
use tenancy::Scoped;
use uuid::Uuid;

use super::Parked;
use crate::ProcessorError;

/// How far back the tables may lag: re-sends are recognised for 24 hours, of which two are left for clocks, the
/// look-up and the delivery.
const LAG: TimeDelta = TimeDelta::hours(22);

/// How old the answer of the look-up may be when events are published.
const LOOKED_UP_WITHIN: Duration = Duration::from_secs(600);

/// How long Kafka may take to acknowledge a step.
const DELIVERY: Duration = Duration::from_secs(20);

/// The allowance for the difference between two clocks.
const CLOCKS: TimeDelta = TimeDelta::hours(1);

/// What an event is published with.
#[derive(Deserialize)]
struct Identity {
    event_id: Uuid,
    received_at: DateTime<Utc>,
}

impl Parked<'_> {
    /// Publishes events of one tenant that the log of events does not have, and returns when it has all of them.
    pub(super) async fn release(
        &self,
        events: Vec<Scoped<LogRecord>>,
    ) -> Result<(), ProcessorError> {
        for group in Scoped::group(events) {
            let asked_at = Instant::now();
            let mut records = group.map(|records| records.iter().map(event_record).collect());
            let present = self.present(&records).await?;
            let left: &mut Vec<EventRecord> = records.value_mut();
            left.retain(|event| !present.contains(&event.event_id));
            let prepared: Option<Vec<_>> =
                self.producer.prepare(&records, None).into_iter().collect();
            let prepared = prepared.ok_or(ProcessorError::Unreleased)?;
            // A process that was frozen asks again.
            if asked_at.elapsed() > LOOKED_UP_WITHIN {
                return Err(ProcessorError::Unreleased);
            }
            let outcomes = self.producer.send(&prepared, DELIVERY).await;
            let is_published =
                |outcome: &PublishOutcome| matches!(outcome, PublishOutcome::Published { .. });
            if !outcomes.iter().all(is_published) {
                return Err(ProcessorError::Unreleased);
            }
        }
        Ok(())
    }

    /// Returns the ids of those that the tenant's tables have.
    ///
    /// # Errors
    /// The tables lag too far behind the log to tell.
    async fn present(
        &self,
        events: &Scoped<Vec<EventRecord>>,
    ) -> Result<Vec<Uuid>, ProcessorError> {
        let now = Utc::now();
        let ledger = self.dependencies.control_plane.ledger();
        let as_of = ledger.as_of(Group::Store, &self.dependencies.kafka.events_topic).await?;
        if as_of.is_none_or(|as_of| as_of < now - LAG) {
            return Err(ProcessorError::Unreleased);
        }
        let ids: Vec<_> = events.value().iter().map(|event| event.event_id).collect();
        // A sender may have sent it a day before it was parked, and the log has had it parked for a week at most.
        let logged = now - LogReader::PARKED_FOR - TimeDelta::days(1) - CLOCKS..now + CLOCKS;
        let warehouse = self.dependencies.warehouse.for_tenant(events.tenant());
        Ok(warehouse.events_present(&ids, logged).await?)
    }
}

/// Returns the event of a record as it was parked. One that cannot be read is published as well: the sinks set it aside
/// as a reject.
fn event_record(record: &LogRecord) -> EventRecord {
    let json = record.payload.clone().unwrap_or_default();
    let read = serde_json::from_slice(&json);
    let identity = read.unwrap_or(Identity { event_id: Uuid::nil(), received_at: record.log_time });
    let Identity { event_id, received_at } = identity;
    EventRecord { event_id, received_at, json }
}
