use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{Aggregates, AggregatesError};

/// How long a new ticket is valid before its first stream. For as long after its first stream, a
/// client may open another without naming what it received before.
const FRESH: Duration = Duration::from_secs(60);
/// How long a ticket is stored after its stream was last reported open.
const RETENTION: Duration = Duration::from_secs(3_600);

/// The claim of a new stream to a ticket.
#[derive(Clone, Copy, Debug)]
pub struct TicketClaim<'a> {
    /// The stream's unique id.
    pub stream: &'a str,
    /// A hash of the client's address: all streams of a ticket come from the same one.
    pub address: &'a str,
    /// Whether the client has named an event that an earlier stream of the ticket sent.
    pub resumes: bool,
}

/// The result of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Claimed {
    /// The stream is now the ticket's open stream.
    Open,
    /// The ticket does not exist, has expired, or does not allow this claim.
    Refused,
    /// An earlier stream counts as open until this time. After it the stream counts as closed,
    /// unless its process reports it open again.
    Held(DateTime<Utc>),
}

impl Aggregates {
    /// How long a new ticket is valid before its first stream.
    pub const TICKET_VALIDITY: Duration = FRESH;

    /// How long a stream counts as open after its process last reported it.
    pub const STREAM_TIMEOUT: Duration = Duration::from_secs(6);

    /// Stores the contents of a ticket, which is valid until `ends`. Redis receives only the hash
    /// of the ticket.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn put_ticket(
        &self,
        hash: &[u8; 32],
        contents: &str,
        ends: Option<DateTime<Utc>>,
    ) -> Result<(), AggregatesError> {
        let key = self.keys.ticket(hash);
        let ends = ends.unwrap_or(DateTime::<Utc>::MAX_UTC).timestamp_millis().to_string();
        let mut commands = redis::pipe();
        commands
            .atomic()
            .hset_multiple(&key, &[("contents", contents), ("ends", &ends)])
            .ignore()
            .pexpire(&key, millis(FRESH))
            .ignore();
        Ok(commands.exec_async(&mut self.connection()).await?)
    }

    /// Returns the contents of a ticket; `None` when it has expired or never existed.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn ticket(&self, hash: &[u8; 32]) -> Result<Option<String>, AggregatesError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.ticket(hash)).arg("contents");
        Ok(command.query_async(&mut self.connection()).await?)
    }

    /// Makes a stream the ticket's open stream, for [`Self::STREAM_TIMEOUT`] from now.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn claim_ticket(
        &self,
        hash: &[u8; 32],
        claim: &TicketClaim<'_>,
    ) -> Result<Claimed, AggregatesError> {
        let mut invocation = self.scripts.claim_ticket.prepare_invoke();
        invocation
            .key(self.keys.ticket(hash))
            .arg(claim.stream)
            .arg(claim.address)
            .arg(u8::from(claim.resumes))
            .arg(millis(FRESH))
            .arg(millis(Self::STREAM_TIMEOUT))
            .arg(millis(RETENTION));
        let answer: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(match answer {
            0 => Claimed::Open,
            held if held > 0 => {
                Claimed::Held(DateTime::from_timestamp_millis(held).unwrap_or_default())
            }
            _ => Claimed::Refused,
        })
    }

    /// Reports that a stream is still open. Returns whether it is the ticket's open stream.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn hold_ticket(
        &self,
        hash: &[u8; 32],
        stream: &str,
    ) -> Result<bool, AggregatesError> {
        self.hold(hash, stream, Self::STREAM_TIMEOUT).await
    }

    /// Reports that a stream is closed, so that the ticket may open another.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn release_ticket(
        &self,
        hash: &[u8; 32],
        stream: &str,
    ) -> Result<(), AggregatesError> {
        self.hold(hash, stream, Duration::ZERO).await.map(drop)
    }

    async fn hold(
        &self,
        hash: &[u8; 32],
        stream: &str,
        time: Duration,
    ) -> Result<bool, AggregatesError> {
        let mut invocation = self.scripts.hold_ticket.prepare_invoke();
        invocation.key(self.keys.ticket(hash)).arg(stream).arg(millis(time)).arg(millis(RETENTION));
        Ok(invocation.invoke_async(&mut self.connection()).await?)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
