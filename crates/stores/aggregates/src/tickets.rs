use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{Aggregates, AggregatesError};

/// How long a ticket waits for its first stream, and how long after that another may be opened by a
/// client that does not know what was sent on the one before.
const FRESH: Duration = Duration::from_secs(60);
/// How long a ticket is kept after its stream was last seen open.
const KEPT: Duration = Duration::from_secs(3_600);

/// A stream that a ticket is to open.
#[derive(Clone, Copy, Debug)]
pub struct TicketClaim<'a> {
    /// The stream, by an id of its own.
    pub stream: &'a str,
    /// From where, as a hash: a ticket stays at the address of its first stream.
    pub address: &'a str,
    /// Whether the client has named something that was sent on an earlier stream of the ticket.
    pub knows: bool,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Claimed {
    /// The stream is the ticket's one open stream.
    Open,
    /// There is no such ticket (any more), or not for this claim.
    Refused,
    /// An earlier stream is open, or was when its process was last heard of; unless it is heard of
    /// again, it counts as closed from then on.
    Held(DateTime<Utc>),
}

impl Aggregates {
    /// How long a ticket waits for its first stream.
    pub const TICKET_WAITS: Duration = FRESH;

    /// How long a stream counts as open after its process was last heard of.
    pub const TICKET_HELD: Duration = Duration::from_secs(6);

    /// Keeps what a ticket stands for until `ends`. Only the ticket's hash is known here.
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

    /// What a ticket stands for; `None` when it has run out or never was.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn ticket(&self, hash: &[u8; 32]) -> Result<Option<String>, AggregatesError> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.ticket(hash)).arg("contents");
        Ok(command.query_async(&mut self.connection()).await?)
    }

    /// Makes a stream the one that a ticket has open, for [`Self::TICKET_HELD`] from now.
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
            .arg(u8::from(claim.knows))
            .arg(millis(FRESH))
            .arg(millis(Self::TICKET_HELD))
            .arg(millis(KEPT));
        let answer: i64 = invocation.invoke_async(&mut self.connection()).await?;
        Ok(match answer {
            0 => Claimed::Open,
            held if held > 0 => {
                Claimed::Held(DateTime::from_timestamp_millis(held).unwrap_or_default())
            }
            _ => Claimed::Refused,
        })
    }

    /// Says that a stream is still open; whether it is the ticket's.
    ///
    /// # Errors
    /// Redis did not answer.
    pub async fn hold_ticket(
        &self,
        hash: &[u8; 32],
        stream: &str,
    ) -> Result<bool, AggregatesError> {
        self.hold(hash, stream, Self::TICKET_HELD).await
    }

    /// Says that a stream is closed, so that the ticket may open another.
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
        invocation.key(self.keys.ticket(hash)).arg(stream).arg(millis(time)).arg(millis(KEPT));
        Ok(invocation.invoke_async(&mut self.connection()).await?)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
