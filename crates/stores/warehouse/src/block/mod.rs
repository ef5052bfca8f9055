//! Blocks of the events table.

mod columns;
mod pool;

use std::{iter, mem, sync::Arc};

use bytes::Bytes;
use events::CanonicalEvent;
use log::{Generation, Partition};
use rustc_hash::FxHashMap;
use tenancy::{ClientId, Scoped, TenantContext};

pub(crate) use self::pool::ColumnPool;

use self::{columns::NewRow, pool::PooledColumns};
use crate::{Coordinates, warehouse::Shared};

/// Rows of one insert, encoded and sorted as the table is. Cloning shares them.
#[derive(Clone)]
pub struct EventBlock {
    pub(crate) body: Bytes,
    pub(crate) rows: usize,
    /// The tenants of the rows, each once.
    pub(crate) tenants: Arc<[TenantContext]>,
}

impl EventBlock {
    /// Returns the tenants of the rows, each once.
    pub fn tenants(&self) -> &[TenantContext] {
        &self.tenants
    }
}

/// Builds an [`EventBlock`], row by row in the order of the log.
pub struct BlockBuilder {
    generation: Generation,
    partition: Partition,
    pooled: PooledColumns,
    /// The time of each row's event, in milliseconds since 1970.
    times: Vec<i64>,
    tenants: FxHashMap<ClientId, TenantContext>,
    shared: Arc<Shared>,
}

impl BlockBuilder {
    /// Creates a builder of rows of one partition of the log.
    pub(crate) fn new(generation: Generation, partition: Partition, shared: Arc<Shared>) -> Self {
        let pooled = shared.columns.take();
        Self {
            generation,
            partition,
            pooled,
            times: Vec::new(),
            tenants: FxHashMap::default(),
            shared,
        }
    }

    /// Returns the lines of an event: one per item, or a single one when it has no items.
    ///
    /// A line is a byte: the parser accepts up to 200 items, items after the 256th are left out.
    pub fn lines(event: &CanonicalEvent<'_>) -> impl Iterator<Item = u8> + use<> {
        (0..=u8::MAX).take(event.items.len().max(1))
    }

    /// Adds one line of an event.
    pub fn push(&mut self, event: &Scoped<&CanonicalEvent<'_>>, at: Coordinates, line: u8) {
        let tenant = event.tenant();
        if !self.tenants.contains_key(tenant.client_id()) {
            self.tenants.insert(tenant.client_id().clone(), tenant.clone());
        }
        let event = *event.value();
        self.times.push(event.event_time.timestamp_millis());
        self.pooled.columns.push(&NewRow {
            client_id: tenant.client_id().as_str(),
            event,
            generation: self.generation,
            partition: self.partition,
            at,
            line,
        });
    }

    /// Returns how many rows were added.
    pub fn rows(&self) -> usize {
        self.times.len()
    }

    /// Encodes the rows. The same rows always make the same block.
    pub fn finish(mut self) -> EventBlock {
        let body = self.pooled.columns.block(&self.order()).into();
        let tenants = mem::take(&mut self.tenants).into_values().collect();
        EventBlock { body, rows: self.rows(), tenants }
    }

    /// Returns the numbers of the rows in the order of the table's sort key, and within it in the
    /// order of the log.
    fn order(&self) -> Vec<u32> {
        let columns = &self.pooled.columns;
        let client_ids = columns.client_ids().by_rank();
        let event_types = columns.event_types().by_rank();
        let campaign_ids = columns.campaign_ids().by_rank();
        let keys = iter::zip(client_ids, event_types).zip(campaign_ids).zip(&self.times);
        let mut rows: Vec<_> = keys.zip(0..).collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl Drop for BlockBuilder {
    fn drop(&mut self) {
        self.shared.columns.give_back(mem::take(&mut self.pooled), self.times.len());
    }
}
