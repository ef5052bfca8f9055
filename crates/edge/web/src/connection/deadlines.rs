use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    task::{Context, Poll},
    time::Duration,
};

use actix_http::Protocol;
use tokio::time::Instant;

use super::Shared;
use crate::deadline::Deadline;

/// How long a client may receive nothing of what is written.
pub(super) const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// When a connection ends on which nothing goes on.
pub(super) struct Deadlines {
    protocol: Protocol,
    /// How long there may be no request in progress. The server itself has no limit for the head of a
    /// second request, nor for an HTTP/2 connection whose client answers its pings.
    idle_limit: Duration,
    idle: Deadline,
    unread: Deadline,
    stalled: Deadline,
}

impl Deadlines {
    /// Creates those of a new connection, which may be without a request for `idle_limit`.
    pub(super) fn new(protocol: Protocol, idle_limit: Duration) -> Self {
        Self {
            protocol,
            idle_limit,
            idle: Deadline::default(),
            unread: Deadline::default(),
            stalled: Deadline::default(),
        }
    }

    /// Returns whether there was no request in progress for too long.
    pub(super) fn is_idle(&mut self, shared: &RefCell<Shared>, context: &mut Context<'_>) -> bool {
        let idle_since = {
            let shared = shared.borrow();
            if shared.requests > 0 {
                return false;
            }
            shared.idle_since
        };
        self.idle.has_passed(idle_since + self.idle_limit, context)
    }

    /// Returns whether an HTTP/2 client let nothing of its answers be sent for too long. It grants each answer
    /// a window of bytes; without one nothing is written, so no write fails.
    pub(super) fn is_unread(
        &mut self,
        shared: &RefCell<Shared>,
        context: &mut Context<'_>,
    ) -> bool {
        if self.protocol != Protocol::Http2 {
            return false;
        }
        let progress_at = {
            let mut shared = shared.borrow_mut();
            match &mut shared.reader {
                Some(reader) => reader.clone_from(context.waker()),
                none => *none = Some(context.waker().clone()),
            }
            if shared.unread == 0 {
                return false;
            }
            shared.progress_at
        };
        self.unread.has_passed(progress_at + WRITE_TIMEOUT, context)
    }

    /// Passes on whether something was written; an error if nothing was for too long.
    pub(super) fn unless_stalled<T>(
        &mut self,
        shared: &RefCell<Shared>,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled.clear();
            // Of HTTP/1, what is written belongs to a response, also after the end of its body. Of HTTP/2,
            // it may answer a ping.
            if self.protocol == Protocol::Http1 {
                shared.borrow_mut().idle_since = Instant::now();
            }
        } else if self.stalled.has_passed_in(WRITE_TIMEOUT, context) {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        written
    }
}
