use std::time::Duration;

use stream::{Entry, PartitionStream, StreamError};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::retry::read;

/// How long no record may arrive before [`Gathered::Nothing`] is returned.
const QUIET: Duration = Duration::from_secs(1);

/// The most records read at a time: their weight is checked in between.
const CHUNK: usize = 2_000;

/// The usual weight of a record, in bytes: an estimate that avoids most reallocation.
const USUAL: usize = 512;

/// How batches are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gather {
    /// The most records of a batch.
    pub(crate) limit: usize,
    /// A batch whose records weigh this much is full, in bytes of the log.
    pub(crate) weight: usize,
    /// How long the first record waits for others.
    pub(crate) wait: Duration,
}

/// The result of waiting for a batch.
pub(crate) enum Gathered {
    /// A batch; it holds at least one record.
    Entries(Vec<Entry>),
    /// No record arrived for a second.
    Nothing,
    /// The partition was revoked, or the process stops.
    Ended,
}

impl Gather {
    /// The next batch of `stream`.
    pub(crate) async fn next(
        self,
        stream: &mut PartitionStream,
        token: &CancellationToken,
    ) -> Result<Gathered, StreamError> {
        let first = tokio::select! {
            () = token.cancelled() => return Ok(Gathered::Ended),
            first = timeout(QUIET, read(stream, self.limit.min(CHUNK))) => first,
        };
        let mut entries = match first {
            Err(_) => return Ok(Gathered::Nothing),
            Ok(read) => match read? {
                Some(entries) => entries,
                None => return Ok(Gathered::Ended),
            },
        };
        if entries.len() == CHUNK {
            entries.reserve(self.limit.min(self.weight / USUAL).saturating_sub(CHUNK));
        }
        let deadline = Instant::now() + self.wait;
        let mut weight = weigh(&entries);
        while entries.len() < self.limit && weight < self.weight {
            let wanted = CHUNK.min(self.limit - entries.len());
            match timeout_at(deadline, read(stream, wanted)).await {
                Err(_) => break,
                Ok(more) => match more? {
                    Some(more) => {
                        weight += weigh(&more);
                        entries.extend(more);
                    }
                    None => return Ok(Gathered::Ended),
                },
            }
        }
        Ok(Gathered::Entries(entries))
    }
}

/// What entries take up in memory, in bytes.
pub(crate) fn weigh(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.record().weight()).sum()
}
