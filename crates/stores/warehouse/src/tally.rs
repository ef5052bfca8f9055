use std::{ops::RangeInclusive, time::Duration};

use chrono::{DateTime, Utc};
use log::LogRange;
use serde::Serialize;
use tenancy::{ClientId, Destination};

use crate::{Warehouse, WarehouseError, driver::within, parameters::bind_times};

/// How long a count may take.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The number of rows of a range in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All rows.
    pub rows: u64,
    /// Distinct rows: a row that is stored twice counts once.
    pub distinct: u64,
}

/// Counts for the reconciliation. They run as the writer and read coordinates only.
impl Warehouse {
    /// Counts the rows of each of `ranges` in `destination`, in the order of the ranges.
    ///
    /// The server needs about 16 bytes of memory for each row that it counts: request a few million
    /// at a time. `logged` spans the log times of all ranges: it bounds what the server reads.
    pub async fn tally(
        &self,
        destination: &Destination,
        ranges: &[LogRange],
        logged: &RangeInclusive<DateTime<Utc>>,
    ) -> Result<Vec<Tally>, WarehouseError> {
        self.tally_without(destination, ranges, logged, &[]).await
    }

    /// Counts as [`Warehouse::tally`], without the rows of these tenants.
    pub async fn tally_without(
        &self,
        destination: &Destination,
        ranges: &[LogRange],
        logged: &RangeInclusive<DateTime<Utc>>,
        without: &[&ClientId],
    ) -> Result<Vec<Tally>, WarehouseError> {
        let mut tallies = vec![Tally::default(); ranges.len()];
        if ranges.is_empty() {
            return Ok(tallies);
        }
        let sql = include_str!("../queries/platform/tally.sql");
        let query = bind_times(self.writer(destination)?.query_raw(sql), logged)
            .param("kgens", of_each(ranges, |range| range.generation))
            .param("partitions", of_each(ranges, |range| range.partition))
            .param("firsts", of_each(ranges, |range| range.first))
            .param("lasts", of_each(ranges, |range| range.last))
            .param("without", without);
        let found: Vec<(u32, u64, u64)> = within(READ_TIMEOUT, query.fetch_all()).await?;
        for (number, rows, distinct) in found {
            let index = usize::try_from(number).unwrap_or_default().saturating_sub(1);
            if let Some(tally) = tallies.get_mut(index) {
                *tally = Tally { rows, distinct };
            }
        }
        Ok(tallies)
    }
}

/// Returns one coordinate of each range, as an array parameter.
fn of_each<T: Serialize>(ranges: &[LogRange], coordinate: fn(&LogRange) -> T) -> Vec<T> {
    ranges.iter().map(coordinate).collect()
}
