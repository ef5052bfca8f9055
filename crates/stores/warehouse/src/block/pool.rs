use std::sync::{Mutex, PoisonError};

use super::columns::EventColumns;

/// The most rows of columns that are kept: larger ones hold more memory than a steady stream needs.
const LARGEST: usize = 150_000;

/// The most columns that are kept.
const MOST: usize = 4;

/// Columns that are used again, so that a steady stream of blocks allocates little.
#[derive(Default)]
pub(crate) struct ColumnPool {
    free: Mutex<Vec<EventColumns>>,
}

impl ColumnPool {
    /// Returns empty columns.
    pub(super) fn take(&self) -> EventColumns {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps columns for later, after they held this many rows.
    pub(super) fn give_back(&self, mut columns: EventColumns, rows: usize) {
        if rows > LARGEST {
            return;
        }
        columns.clear();
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST {
            free.push(columns);
        }
    }
}
