use chrono::Utc;
use control_plane::{OpenParkedOrder, ParkedAction, ParkedLot};
use failpoints::Step;
use log::Offset;
use stream::{Entry, LogRecord};
use telemetry::Counter;
use tenancy::Scoped;

use super::{
    Parked,
    count::{has_expired, hour_of, size},
};
use crate::{ProcessorError, retry};

/// How many records of the log one step reads, of whatever tenants.
const STEP: usize = 1_000;

/// What of a lot one step releases or erases.
struct Portion {
    events: Vec<Scoped<LogRecord>>,
    /// One past the last record that the step has dealt with.
    next: Offset,
    /// Whether the next record of the lot came later than the order is about.
    is_last: bool,
}

impl Parked<'_> {
    /// Carries out an order: lot by lot, each in steps.
    pub(super) async fn carry_out(
        &self,
        order: &OpenParkedOrder,
        topic_id: &str,
    ) -> Result<(), ProcessorError> {
        let lots = self.platform.parked_lots(&order.client_id, topic_id, order.before).await?;
        for lot in lots {
            self.settle(order, topic_id, lot).await?;
        }
        Ok(self.platform.finish_parked_order(order).await?)
    }

    /// Releases or erases a lot, as far as the order is about it.
    async fn settle(
        &self,
        order: &OpenParkedOrder,
        topic_id: &str,
        mut lot: ParkedLot,
    ) -> Result<(), ProcessorError> {
        if has_expired(lot.hour, Utc::now()) {
            return Ok(());
        }
        let first = self.reader.bounds(lot.partition).await?.start.max(lot.first);
        let mut records = self.reader.read_range(lot.partition, first..lot.end.max(first))?;
        while lot.first < lot.end {
            let portion = match retry::read(&mut records, STEP).await? {
                Some(entries) => portion(order, &lot, entries),
                None => Portion { events: Vec::new(), next: lot.end, is_last: true },
            };
            let Portion { events, next, is_last } = portion;
            let count = events.len() as u64;
            let bytes = events.iter().map(|event| size(event.value())).sum();
            if order.action == ParkedAction::Release {
                self.release(events).await?;
                failpoints::reach(Step::Release);
            }
            if next > lot.first {
                let taken = (count, bytes);
                if !self.platform.take_parked(order, topic_id, &lot, next, taken).await? {
                    return Err(ProcessorError::Retake("another process takes parked events"));
                }
                let fate = match order.action {
                    ParkedAction::Release => "released",
                    ParkedAction::Erase => "erased",
                };
                Counter::ParkedEvents.add(&[fate], count);
                lot.first = next;
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

/// Selects the events of a lot among records of all tenants. The order is about those that the log received before
/// its bound; it ends at the first that came later.
fn portion(order: &OpenParkedOrder, lot: &ParkedLot, entries: Vec<Entry>) -> Portion {
    let mut portion = Portion { events: Vec::new(), next: lot.first, is_last: false };
    for entry in entries {
        let offset = entry.offset();
        if let Entry::Record(record) = entry
            && *record.tenant().client_id() == order.client_id
            && hour_of(record.value().log_time) == lot.hour
        {
            if order.before.is_some_and(|before| record.value().log_time >= before) {
                portion.is_last = true;
                return portion;
            }
            portion.events.push(record);
        }
        portion.next = offset.next();
    }
    portion
}
