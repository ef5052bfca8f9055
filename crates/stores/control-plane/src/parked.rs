use chrono::{DateTime, Utc};
use log::{Offset, Partition};
use sqlx::{FromRow, Row, postgres::PgRow};
use tenancy::ClientId;
use uuid::Uuid;

use crate::{
    ControlPlaneError,
    ledger::columns::{bigint, integer, offset},
};

/// What an owner orders about parked events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParkedAction {
    /// To write them into the log of events, where they count.
    Release,
    /// To drop them.
    Erase,
}

impl ParkedAction {
    /// Returns the name used in tables and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Erase => "erase",
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "erase" => Self::Erase,
            _ => Self::Release,
        }
    }
}

/// What is parked of one hour, by the clock of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedHour {
    /// When the hour began.
    pub hour: DateTime<Utc>,
    /// Its events that are neither released nor erased.
    pub events: u64,
    /// Their bytes in the log.
    pub bytes: u64,
}

/// An order to release or erase parked events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedOrder {
    /// Its id.
    pub order_id: Uuid,
    /// What is done.
    pub action: ParkedAction,
    /// What the log received before this time; `None`: all that it has when the order is carried out.
    pub before: Option<DateTime<Utc>>,
    /// Who gave the order.
    pub asked_by: String,
    /// When that was.
    pub asked_at: DateTime<Utc>,
    /// How many events were released or erased so far.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When all were.
    pub finished_at: Option<DateTime<Utc>>,
}

/// An order that has to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenParkedOrder {
    /// The tenant.
    pub client_id: ClientId,
    /// Its id.
    pub order_id: Uuid,
    /// What is to be done.
    pub action: ParkedAction,
    /// What the log received before this time; `None`: everything.
    pub before: Option<DateTime<Utc>>,
}

/// The parked events of one tenant, partition and hour: among the records from `first` up to `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParkedLot {
    /// The partition of the log of parked events.
    pub partition: Partition,
    /// When the hour began.
    pub hour: DateTime<Utc>,
    /// The first record that may be one of them.
    pub first: Offset,
    /// One past the last record that may be one of them.
    pub end: Offset,
}

/// Where the log of parked events has those of one tenant that are neither released nor erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedPlaces {
    /// Up to where each partition is counted: the tenant's events that lie further on are parked.
    pub counted: Vec<(Partition, Offset)>,
    /// The lots of the tenant before that.
    pub lots: Vec<ParkedLot>,
}

/// Events of one tenant and hour that were found in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundParked {
    /// The tenant.
    pub client_id: ClientId,
    /// When the hour began.
    pub hour: DateTime<Utc>,
    /// How many.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The first record.
    pub first: Offset,
    /// The last record.
    pub last: Offset,
}

impl ParkedPlaces {
    /// Returns the first place of a partition from which on an event may be parked.
    pub fn first(&self, partition: Partition) -> Offset {
        let lots = self.lots.iter().filter(|lot| lot.partition == partition);
        lots.map(|lot| lot.first).fold(self.counted(partition), Offset::min)
    }

    /// Whether an event of the tenant at this place is parked.
    pub fn include(&self, partition: Partition, offset: Offset) -> bool {
        let is_in =
            |lot: &ParkedLot| lot.partition == partition && (lot.first..lot.end).contains(&offset);
        offset >= self.counted(partition) || self.lots.iter().any(is_in)
    }

    fn counted(&self, partition: Partition) -> Offset {
        let counted = self.counted.iter().find(|(of, _)| *of == partition);
        counted.map_or(Offset::ZERO, |(_, next)| *next)
    }
}

/// A count or a sum as a column: none is that large.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl FromRow<'_, PgRow> for ParkedHour {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            hour: row.try_get("hour")?,
            events: row.try_get::<i64, _>("events")?.cast_unsigned(),
            bytes: row.try_get::<i64, _>("bytes")?.cast_unsigned(),
        })
    }
}

impl FromRow<'_, PgRow> for ParkedOrder {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            order_id: row.try_get("order_id")?,
            action: ParkedAction::read(row.try_get("action")?),
            before: row.try_get("before")?,
            asked_by: row.try_get("asked_by")?,
            asked_at: row.try_get("asked_at")?,
            events: row.try_get::<i64, _>("events")?.cast_unsigned(),
            bytes: row.try_get::<i64, _>("bytes")?.cast_unsigned(),
            finished_at: row.try_get("finished_at")?,
        })
    }
}

/// Reads an open order: client id, order id, action, bound.
pub(crate) fn open_order(
    (client_id, order_id, action, before): (String, Uuid, String, Option<DateTime<Utc>>),
) -> Result<OpenParkedOrder, ControlPlaneError> {
    let client_id = client_id.parse().map_err(ControlPlaneError::corrupt("tenant id"))?;
    Ok(OpenParkedOrder { client_id, order_id, action: ParkedAction::read(&action), before })
}

/// Reads a partition and an offset.
pub(crate) fn counted(
    (partition, next): (i32, i64),
) -> Result<(Partition, Offset), ControlPlaneError> {
    let partition = u16::try_from(partition).map(Partition::new);
    Ok((partition.map_err(ControlPlaneError::corrupt("log partition"))?, offset(next)))
}

/// Reads a lot: partition, hour, first offset, next offset.
pub(crate) fn lot(
    (partition, hour, first, end): (i32, DateTime<Utc>, i64, i64),
) -> Result<ParkedLot, ControlPlaneError> {
    let (partition, first) = counted((partition, first))?;
    Ok(ParkedLot { partition, hour, first, end: offset(end) })
}

/// The columns of a partition and of an offset.
pub(crate) fn columns(partition: Partition, at: Offset) -> (i32, i64) {
    (integer(partition), bigint(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_parked_if_it_is_in_a_lot_or_not_counted_yet() {
        let place = |partition, offset| (Partition::new(partition), Offset::new(offset));
        let lot = |partition, first, end| ParkedLot {
            partition: Partition::new(partition),
            hour: "2026-03-01T12:00:00Z".parse().unwrap(),
            first: Offset::new(first),
            end: Offset::new(end),
        };
        let places = ParkedPlaces {
            counted: vec![place(0, 50)],
            lots: vec![lot(0, 20, 30), lot(0, 10, 12)],
        };
        let parked = [10, 11, 20, 29, 50, 51];
        let not_parked = [0, 9, 12, 19, 30, 49];
        for (offsets, is_parked) in [(parked, true), (not_parked, false)] {
            for number in offsets {
                let (partition, offset) = place(0, number);
                assert_eq!(places.include(partition, offset), is_parked, "{offset}");
            }
        }
        assert_eq!(places.first(Partition::new(0)), Offset::new(10));
        // Nothing of this partition is counted.
        assert_eq!(places.first(Partition::new(1)), Offset::ZERO);
        assert!(places.include(Partition::new(1), Offset::ZERO));
    }
}
