use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{LogRecord, StreamError};

/// How much one partition may buffer before reading pauses, in bytes.
const FULL: usize = 8 << 20;

/// Records of one partition on their way from the polling thread to their worker.
#[derive(Default)]
pub(crate) struct Buffer {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    records: VecDeque<LogRecord>,
    bytes: usize,
    end: Option<End>,
}

/// Why no more records follow.
pub(crate) enum End {
    /// The range was read to its end.
    Complete,
    /// The partition was revoked: its buffered records must not be processed.
    Revoked,
    /// Reading failed.
    Failed(StreamError),
}

/// What a worker takes from the buffer.
pub(crate) enum Taken {
    Records(VecDeque<LogRecord>),
    Nothing,
    Ended,
}

impl Buffer {
    /// Adds records. Returns whether reading should pause now.
    pub(crate) fn extend(&self, records: impl IntoIterator<Item = LogRecord>) -> bool {
        let mut state = self.lock();
        let is_open = state.end.is_none();
        for record in records {
            if is_open {
                state.bytes += record.weight();
                state.records.push_back(record);
            }
        }
        let full = state.bytes >= FULL;
        drop(state);
        self.changed.notify_one();
        full
    }

    /// Whether a paused reader may continue.
    pub(crate) fn has_room(&self) -> bool {
        self.lock().bytes < FULL / 2
    }

    /// Ends the buffer: no more records follow.
    pub(crate) fn end(&self, end: End) {
        let mut state = self.lock();
        if matches!(end, End::Revoked) {
            state.records.clear();
            state.bytes = 0;
        }
        state.end.get_or_insert(end);
        drop(state);
        self.changed.notify_one();
    }

    /// Whether the buffer has ended, so that no record may be added.
    pub(crate) fn is_ended(&self) -> bool {
        self.lock().end.is_some()
    }

    /// Takes up to `limit` records.
    pub(crate) fn take(&self, limit: usize) -> Result<Taken, StreamError> {
        let mut state = self.lock();
        if !state.records.is_empty() {
            let count = limit.min(state.records.len());
            let records: VecDeque<_> = state.records.drain(..count).collect();
            let weight: usize = records.iter().map(LogRecord::weight).sum();
            state.bytes = state.bytes.saturating_sub(weight);
            return Ok(Taken::Records(records));
        }
        match state.end.take() {
            None => Ok(Taken::Nothing),
            Some(End::Failed(error)) => {
                state.end = Some(End::Complete);
                Err(error)
            }
            Some(end) => {
                state.end = Some(end);
                Ok(Taken::Ended)
            }
        }
    }

    /// Waits until a record was added or the buffer ended. Returns at once if that happened before.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
