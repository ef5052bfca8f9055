//! Rows of ClickHouse, and the records they are made of.

use std::{future::pending, ops::RangeInclusive, panic::resume_unwind, sync::Arc};

use chrono::{DateTime, Utc};
use log::{LogPlace, Offset};
use stream::Entry;
use tenancy::TenantContext;
use warehouse::{BlockBuilder, Coordinates, EventBlock, RowPlace, Warehouse};

use crate::record::{Decoded, Entries};

/// Some rows of one destination, by the records that they are made of: the rows themselves are
/// encoded when they are sent.
#[derive(Clone)]
pub(crate) struct Rows {
    entries: Entries,
    rows: Vec<Row>,
}

/// A row: a line of the event in an entry.
#[derive(Clone, Copy)]
struct Row {
    entry: u32,
    line: u8,
}

impl Rows {
    /// No rows yet, of some of these entries.
    pub(crate) fn of(entries: &Entries) -> Self {
        Self { entries: Arc::clone(entries), rows: Vec::new() }
    }

    /// Adds the rows of a record, if it holds an event.
    pub(crate) fn add(&mut self, record: &Decoded<'_>) {
        if let Ok(event) = &record.event {
            let row = |line| Row { entry: record.number, line };
            self.rows.extend(BlockBuilder::lines(event.value()).map(row));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The places of the rows, in the order of the log.
    pub(crate) fn places(&self) -> impl Iterator<Item = RowPlace> {
        self.rows.iter().filter_map(|row| self.place(*row))
    }

    /// Those whose places `wanted` picks.
    pub(crate) fn only(&self, wanted: impl Fn(RowPlace) -> bool) -> Self {
        let is_wanted = |row: &&Row| self.place(**row).is_some_and(&wanted);
        let rows = self.rows.iter().filter(is_wanted).copied().collect();
        Self { entries: Arc::clone(&self.entries), rows }
    }

    /// The offsets of the records, ascending, each once.
    pub(crate) fn offsets(&self) -> Vec<Offset> {
        let mut offsets: Vec<_> = self.places().map(|place| place.offset).collect();
        offsets.dedup();
        offsets
    }

    /// The records that the rows are made of, each once.
    pub(crate) fn records(&self) -> impl Iterator<Item = Decoded<'_>> {
        self.rows.chunk_by(|one, other| one.entry == other.entry).filter_map(|lines| {
            let number = lines.first()?.entry as usize;
            Some(Decoded::read(number, self.entries.get(number)?))
        })
    }

    /// The tenants of the rows; a tenant may come more than once.
    pub(crate) fn tenants(&self) -> impl Iterator<Item = &TenantContext> {
        self.rows.iter().filter_map(|row| match self.entries.get(row.entry as usize)? {
            Entry::Record(record) => Some(record.tenant()),
            Entry::Unresolved(_) => None,
        })
    }

    /// Encodes the rows, on a thread for blocking work.
    pub(crate) async fn encode(&self, warehouse: &Warehouse, place: LogPlace) -> EventBlock {
        let rows = self.clone();
        let builder = warehouse.block(place.generation, place.partition);
        match tokio::task::spawn_blocking(move || rows.into_block(builder)).await {
            Ok(block) => block,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // The runtime ends, and this task with it.
                Err(_) => pending().await,
            },
        }
    }

    fn into_block(self, mut builder: BlockBuilder) -> EventBlock {
        let mut lines = self.rows.iter().peekable();
        for record in self.records() {
            while let Some(row) = lines.next_if(|row| row.entry == record.number) {
                push(&mut builder, &record, row.line..=row.line);
            }
        }
        builder.finish()
    }

    fn place(&self, row: Row) -> Option<RowPlace> {
        let offset = self.entries.get(row.entry as usize)?.offset();
        Some(RowPlace { offset, line: row.line })
    }
}

/// Adds lines of a record to a block, if it holds an event.
pub(crate) fn push(
    builder: &mut BlockBuilder,
    record: &Decoded<'_>,
    lines: impl IntoIterator<Item = u8>,
) {
    let Ok(event) = &record.event else { return };
    let event = event.as_ref();
    let at = Coordinates { offset: record.offset(), logged_at: record.log_time() };
    for line in lines {
        builder.push(&event, at, line);
    }
}

/// The earliest and the latest of some times.
pub(crate) fn time_span(
    times: impl Iterator<Item = DateTime<Utc>> + Clone,
) -> RangeInclusive<DateTime<Utc>> {
    times.clone().min().unwrap_or_default()..=times.max().unwrap_or_default()
}
