use std::{
    mem::take,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{SpoolError, error::Refusal};

/// Most bytes that may wait for the disk. A disk slower than that is no help to anybody.
const MOST_WAITING: usize = 64 << 20;

/// Records that somebody waits for.
pub(crate) struct Append {
    pub(crate) body: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<(), Refusal>>,
}

/// What the writer is to do next.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) appends: Vec<Append>,
    /// Whether the segment that is written is to end here.
    pub(crate) seal: bool,
    /// Whether nothing comes any more.
    pub(crate) closed: bool,
}

/// What waits for the writer. All that came while it was busy is one group, and one fsync.
#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    appends: Vec<Append>,
    bytes: usize,
    seal: bool,
    closed: bool,
}

impl Queue {
    /// Adds records; the answer comes when they are durable or refused.
    pub(crate) fn push(
        &self,
        body: Vec<u8>,
    ) -> Result<oneshot::Receiver<Result<(), Refusal>>, SpoolError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(SpoolError::Closed);
        }
        let bytes = waiting.bytes.saturating_add(body.len());
        if bytes > MOST_WAITING {
            return Err(SpoolError::Full);
        }
        let (answer, answered) = oneshot::channel();
        waiting.bytes = bytes;
        waiting.appends.push(Append { body, answer });
        self.arrived.notify_one();
        Ok(answered)
    }

    /// Asks for the end of the segment that is written.
    pub(crate) fn seal(&self) {
        self.lock().seal = true;
        self.arrived.notify_one();
    }

    /// Takes nothing more; the writer ends once it has done what waits.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// All there is to do; nothing to do after `patience`.
    pub(crate) fn take(&self, patience: Duration) -> Work {
        let idle =
            |waiting: &mut Waiting| waiting.appends.is_empty() && !waiting.seal && !waiting.closed;
        let waited = self.arrived.wait_timeout_while(self.lock(), patience, idle);
        let (mut waiting, _) = waited.unwrap_or_else(PoisonError::into_inner);
        waiting.bytes = 0;
        Work {
            appends: take(&mut waiting.appends),
            seal: take(&mut waiting.seal),
            closed: waiting.closed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
