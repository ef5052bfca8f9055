use std::sync::{Mutex, PoisonError};

use super::columns::EventColumns;

/// The most rows of a batch while the stream is steady. To catch up, batches are larger.
const STEADY: usize = 150_000;

/// The most columns that are kept.
const MOST: usize = 4;

/// Columns that are used again: memory that grows anew for each block is cleared page by page by the
/// system, which took a quarter of the processor time of a row.
#[derive(Default)]
pub(crate) struct ColumnPool {
    free: Mutex<Vec<PooledColumns>>,
}

/// Columns, with the memory of the largest block that they were used for.
#[derive(Default)]
pub(super) struct PooledColumns {
    pub(super) columns: EventColumns,
    /// The rows of that block.
    room: usize,
}

impl ColumnPool {
    /// Returns empty columns.
    pub(super) fn take(&self) -> PooledColumns {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Keeps columns for later, after they held this many rows. Those of large blocks are kept only
    /// while blocks are large: they hold more memory than a steady stream needs.
    pub(super) fn give_back(&self, mut pooled: PooledColumns, rows: usize) {
        pooled.columns.clear();
        pooled.room = pooled.room.max(rows);
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < MOST {
            free.push(pooled);
        }
        if rows <= STEADY {
            free.retain(|pooled| pooled.room <= STEADY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(pool: &ColumnPool) -> Vec<usize> {
        pool.free.lock().unwrap().iter().map(|pooled| pooled.room).collect()
    }

    #[test]
    fn columns_of_large_blocks_are_kept_until_a_block_is_small_again() {
        let pool = ColumnPool::default();
        let [first, second] = [pool.take(), pool.take()];
        pool.give_back(first, 400_000);
        pool.give_back(second, 200_000);
        assert_eq!(rooms(&pool), [400_000, 200_000]);
        let reused = pool.take();
        pool.give_back(reused, 300_000);
        assert_eq!(rooms(&pool), [400_000, 300_000]);
        pool.give_back(PooledColumns::default(), 10);
        assert_eq!(rooms(&pool), [10]);
    }

    #[test]
    fn only_some_columns_are_kept() {
        let pool = ColumnPool::default();
        for rows in 1..10 {
            pool.give_back(PooledColumns::default(), rows);
        }
        assert_eq!(rooms(&pool), [1, 2, 3, 4]);
    }
}
