use std::{
    mem::take,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{SpoolError, error::Refusal};

/// How many bytes may wait for the disk. With a slower disk further appends are refused.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Records whose caller waits for the answer.
pub(crate) struct Append {
    pub(crate) body: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<(), Refusal>>,
}

/// The next work of the writer.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) appends: Vec<Append>,
    /// Whether to seal the active segment after the appends.
    pub(crate) seal: bool,
    /// Whether this is the last work.
    pub(crate) closed: bool,
}

/// The appends that wait for the writer. All that arrive while it is busy share one fsync.
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
    /// Adds records; the receiver gets the answer when they are durable or refused.
    pub(crate) fn push(
        &self,
        body: Vec<u8>,
    ) -> Result<oneshot::Receiver<Result<(), Refusal>>, SpoolError> {
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(SpoolError::Closed);
        }
        let bytes = waiting.bytes.saturating_add(body.len());
        if bytes > MAX_WAITING_BYTES {
            return Err(SpoolError::Full);
        }
        let (answer, answered) = oneshot::channel();
        waiting.bytes = bytes;
        waiting.appends.push(Append { body, answer });
        self.arrived.notify_one();
        Ok(answered)
    }

    /// Requests that the active segment is sealed.
    pub(crate) fn seal(&self) {
        self.lock().seal = true;
        self.arrived.notify_one();
    }

    /// Refuses further appends; the writer ends once it has written the waiting ones.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Takes all work, waiting for some at most `timeout`; empty after that.
    pub(crate) fn take(&self, timeout: Duration) -> Work {
        let is_empty =
            |waiting: &mut Waiting| waiting.appends.is_empty() && !waiting.seal && !waiting.closed;
        let waited = self.arrived.wait_timeout_while(self.lock(), timeout, is_empty);
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
