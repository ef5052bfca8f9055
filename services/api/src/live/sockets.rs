use std::{
    io::{self, ErrorKind},
    time::Duration,
};

use mio::{Events, Interest, Poll, Token, net::TcpStream};
use tokio::io::unix::AsyncFd;

use super::client::ClientKey;

/// How many events are read at once.
const EVENTS: usize = 256;

/// The sockets of many clients, watched together.
///
/// A watched socket of the runtime costs memory for its readiness, and a task or a future that waits
/// for it. Here the kernel keeps both, and the runtime watches one descriptor.
pub(crate) struct Sockets {
    poll: AsyncFd<Poll>,
    events: Events,
}

/// What happened to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// It accepts bytes again.
    Writable(ClientKey),
    /// The client has sent bytes.
    Readable(ClientKey),
    /// The client closed the connection, or its sending half.
    Closed(ClientKey),
}

impl Sockets {
    /// Creates an empty set. Call it within the runtime that will wait for it.
    #[expect(
        deprecated,
        reason = "sound, and not `unsafe`: a `Poll` has one descriptor all its life"
    )]
    pub(crate) fn new() -> io::Result<Self> {
        let poll = AsyncFd::with_interest(Poll::new()?, tokio::io::Interest::READABLE)?;
        Ok(Self { poll, events: Events::with_capacity(EVENTS) })
    }

    /// Watches a socket until it is dropped.
    pub(crate) fn watch(&self, socket: &mut TcpStream, key: ClientKey) -> io::Result<()> {
        let registry = self.poll.get_ref().registry();
        registry.register(socket, Token(key.0), Interest::READABLE | Interest::WRITABLE)
    }

    /// Waits until something happens to a socket. May be dropped and called again.
    pub(crate) async fn ready(&mut self) -> io::Result<Vec<Ready>> {
        let mut guard = self.poll.readable_mut().await?;
        match guard.get_inner_mut().poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Vec::new()),
            polled => polled?,
        }
        if self.events.iter().count() < EVENTS {
            guard.clear_ready();
        }
        let ready = self.events.iter().flat_map(|event| {
            let key = ClientKey(event.token().0);
            if event.is_error() {
                return [Some(Ready::Closed(key)), None];
            }
            // What the client sent before the end is still there.
            if event.is_read_closed() {
                return [Some(Ready::Readable(key)), Some(Ready::Closed(key))];
            }
            [
                event.is_writable().then_some(Ready::Writable(key)),
                event.is_readable().then_some(Ready::Readable(key)),
            ]
        });
        Ok(ready.flatten().collect())
    }
}
