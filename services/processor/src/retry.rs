use std::{error::Error, time::Duration};

use control_plane::LedgerError;
use stream::{Entry, PartitionStream, StreamError};

use crate::ProcessorError;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// Pauses between attempts at something that must be done in the end: longer and longer, up to
/// five seconds.
pub(crate) struct Pauses {
    doing: &'static str,
    next: Duration,
}

impl Pauses {
    /// Pauses between attempts at `doing`.
    pub(crate) fn new(doing: &'static str) -> Self {
        Self { doing, next: FIRST }
    }

    /// Waits, and tells the log when an outage begins.
    pub(crate) async fn wait(&mut self, error: &(dyn Error + Send + Sync + 'static)) {
        if self.next == FIRST {
            self.tell(error);
        }
        self.sleep().await;
    }

    /// Waits, and tells the log every time: for what is seldom and never expected.
    pub(crate) async fn wait_loudly(&mut self, error: &(dyn Error + Send + Sync + 'static)) {
        self.tell(error);
        self.sleep().await;
    }

    /// It went well for a while: the next failure is a new one.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST;
    }

    fn tell(&self, error: &(dyn Error + Send + Sync + 'static)) {
        let cause = error.source().map(ToString::to_string);
        tracing::warn!(doing = self.doing, %error, cause, "failed, will be tried again");
    }

    async fn sleep(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST);
    }
}

/// Asks the ledger until it answers.
///
/// An answer that got lost on its way may stand for a write that was made; asking again then says
/// that the lease was lost, and the next take finds what was written.
pub(crate) async fn ledger<T, F>(
    doing: &'static str,
    ask: impl Fn() -> F,
) -> Result<T, ProcessorError>
where
    F: Future<Output = Result<T, LedgerError>>,
{
    let mut pauses = Pauses::new(doing);
    loop {
        match ask().await {
            Ok(answer) => return Ok(answer),
            Err(LedgerError::ControlPlane(error)) => pauses.wait(&error).await,
            Err(LedgerError::Fenced) => return Err(LedgerError::Fenced.into()),
        }
    }
}

/// The next records of the log. While nobody can tell whose they are, it asks again.
pub(crate) async fn read(
    stream: &mut PartitionStream,
    limit: usize,
) -> Result<Option<Vec<Entry>>, StreamError> {
    let mut pauses = Pauses::new("tell whose records are");
    loop {
        match stream.next(limit).await {
            Ok(batch) => return Ok(batch.map(|batch| batch.entries)),
            Err(StreamError::Directory(error)) => pauses.wait(&error).await,
            Err(error) => return Err(error),
        }
    }
}
