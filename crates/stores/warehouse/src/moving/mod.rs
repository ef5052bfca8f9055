//! The copy of a tenant's rows from one set of tables to another, and the comparison of both. Rows are copied in
//! pieces that fit in memory; one that is copied again replaces what an earlier attempt left.

mod kept;
mod rejects;
mod rows;

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use log::{Generation, Offset, Partition};

use crate::{LogFrontier, WarehouseError};

/// How long one statement may take.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// The days from the year 1 to 1970.
const UNIX_EPOCH_DAY: i32 = 719_163;

/// What one day of receipt has of one partition of the log. Ordered by day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowLane {
    /// The day, in UTC.
    pub day: NaiveDate,
    /// The generation of the log.
    pub generation: Generation,
    /// The partition.
    pub partition: Partition,
}

/// Some offsets of a lane, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPiece {
    /// The lane.
    pub lane: RowLane,
    /// The first offset.
    pub first: Offset,
    /// The last offset.
    pub last: Offset,
}

/// What a piece, or a day of rejects, has in one set of tables. Two that are equal have the same rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PieceTally {
    /// All rows.
    pub rows: u64,
    /// Distinct coordinates, or ids of rejects.
    pub distinct: u64,
    /// The sum of the hashes of the rows.
    pub hash: u64,
}

/// What a kept day has in one set of tables. Two that are equal have the same sums, whatever their attempts are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptTally {
    /// The sums of the attempt that counts.
    pub sums: u64,
    /// The sum of their hashes.
    pub hash: u64,
}

impl LogFrontier {
    /// Returns the first offset of a partition that is not below the frontier.
    pub fn end(&self, generation: Generation, partition: Partition) -> Offset {
        match generation.cmp(&self.generation) {
            std::cmp::Ordering::Less => Offset::MAX,
            std::cmp::Ordering::Equal => {
                self.offsets.get(usize::from(partition.get())).copied().unwrap_or_default()
            }
            std::cmp::Ordering::Greater => Offset::ZERO,
        }
    }
}

/// Returns the day of a number of days since 1970.
fn day(number: u32) -> Result<NaiveDate, WarehouseError> {
    let number = i32::try_from(number).ok().and_then(|number| number.checked_add(UNIX_EPOCH_DAY));
    let day = number.and_then(NaiveDate::from_num_days_from_ce_opt);
    day.ok_or_else(|| WarehouseError::Refused("a day that no calendar has".into()))
}

/// Returns the first moment of a day, and that of the next.
fn bounds(day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let next = day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    let begin = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    (begin(day), begin(next))
}

/// Rows as ClickHouse wrote them.
struct Copied {
    rows: u64,
    body: Bytes,
}
