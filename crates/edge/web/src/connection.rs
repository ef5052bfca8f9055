mod deadlines;
mod socket;

use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream as StdTcpStream},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use actix_http::Protocol;
use actix_web::{dev::Extensions, rt::net::TcpStream};
use tls::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    runtime::Handle,
    sync::watch,
    time::{Instant, timeout},
};

use crate::connections::{Connections, OpenConnection};
use deadlines::Deadlines;
use socket::Socket;

/// The first bytes of an HTTP/2 connection without TLS (RFC 9113, section 3.4), as far as they
/// distinguish it from HTTP/1.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";
/// What HTTP/2 is called where clients choose while they shake hands (ALPN, RFC 7301).
const HTTP2_NAME: &[u8] = b"h2";

/// How long a client may take to show which protocol it speaks, with the handshake of TLS.
const PREFACE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a client may take to send the head of a request.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// The most requests in progress on one connection. Only HTTP/2 has more than one.
const MAX_REQUESTS: u32 = 100;

/// What becomes of a socket that the server gives away.
pub(crate) type Taker = Box<dyn FnOnce(StdTcpStream)>;

/// A client's connection as the server reads and writes it. A handler can take its socket: the
/// connection is then over for the server, and the socket stays open.
pub(crate) struct Connection {
    shared: Rc<RefCell<Shared>>,
    /// Dropped when the client hangs up, and with the connection.
    open: Option<watch::Sender<()>>,
    deadlines: Deadlines,
    /// Where the streams of sockets that were taken run.
    runtime: Handle,
    _counted: Option<OpenConnection>,
}

/// What the handlers of a connection know of it.
pub(crate) struct ConnectionHandle {
    shared: Rc<RefCell<Shared>>,
    open: watch::Receiver<()>,
    has_tls: bool,
}

/// How connections of a service are accepted. Clones share it.
#[derive(Clone)]
pub(crate) struct Acceptor {
    pub(crate) connections: Connections,
    pub(crate) keep_alive: Duration,
    /// `None` without TLS.
    pub(crate) tls: Option<Listener>,
    /// A runtime that outlives the workers of the service.
    pub(crate) runtime: Handle,
}

struct Shared {
    /// `None` once it was taken.
    socket: Option<Socket>,
    /// Takes the socket when everything written before was sent.
    taker: Option<Taker>,
    /// Requests in progress: until their response was sent.
    requests: u32,
    /// When there was a request in progress last.
    idle_since: Instant,
    /// Those of the requests of which a part of the answer has yet to be sent.
    unread: u32,
    /// When the client last began a request, or let a part of an answer be sent.
    progress_at: Instant,
    /// Wakes the task that reads from an HTTP/2 connection.
    reader: Option<Waker>,
}

/// A request in progress. Dropping it ends it.
pub(crate) struct RequestInProgress {
    shared: Rc<RefCell<Shared>>,
    /// Whether it is one of those that are unread.
    unread: bool,
}

impl Connection {
    /// Shakes hands if the service has TLS, and learns which protocol a new connection has. Consumes none of
    /// the bytes of HTTP. The connection is kept alive for a time without a request.
    ///
    /// # Errors
    /// The client sends nothing, hangs up, or its network has too many connections open; or it does not trust
    /// the certificate, or shows none that is trusted.
    pub(crate) async fn accept(
        socket: TcpStream,
        acceptor: &Acceptor,
    ) -> io::Result<(Self, Protocol, Option<SocketAddr>)> {
        let peer = socket.peer_addr()?;
        let Some(counted) = acceptor.connections.open(peer.ip()) else {
            return Err(ErrorKind::ConnectionRefused.into());
        };
        let (socket, is_http2) = timeout(PREFACE_TIMEOUT, acceptor.begin(socket)).await??;
        let protocol = if is_http2 { Protocol::Http2 } else { Protocol::Http1 };
        let now = Instant::now();
        let shared = Shared {
            socket: Some(socket),
            taker: None,
            requests: 0,
            idle_since: now,
            unread: 0,
            progress_at: now,
            reader: None,
        };
        let connection = Self {
            shared: Rc::new(RefCell::new(shared)),
            open: Some(watch::Sender::new(())),
            deadlines: Deadlines::new(protocol, acceptor.keep_alive + HEAD_TIMEOUT),
            runtime: acceptor.runtime.clone(),
            _counted: Some(counted),
        };
        Ok((connection, protocol, Some(peer)))
    }

    /// Stores the handle of a new connection for its requests.
    pub(crate) fn register(&self, data: &mut Extensions) {
        if let Some(open) = &self.open {
            let shared = self.shared.clone();
            let has_tls = shared.borrow().socket.as_ref().is_some_and(Socket::has_tls);
            data.insert(ConnectionHandle { shared, open: open.subscribe(), has_tls });
        }
    }

    fn with_socket<T>(
        &self,
        work: impl FnOnce(Pin<&mut Socket>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        match &mut self.shared.borrow_mut().socket {
            Some(socket) => work(Pin::new(socket)),
            None => Poll::Ready(Err(ErrorKind::NotConnected.into())),
        }
    }

    /// Gives the socket to the handler that asked for it, if one did.
    fn give_away(&self) -> io::Result<bool> {
        let (taker, socket) = {
            let mut shared = self.shared.borrow_mut();
            let Some(taker) = shared.taker.take() else { return Ok(false) };
            (taker, shared.socket.take())
        };
        if let Some(socket) = socket {
            taker(socket.into_std(&self.runtime)?);
        }
        Ok(true)
    }
}

impl Acceptor {
    /// Returns the socket over which HTTP is spoken, and whether that is HTTP/2.
    async fn begin(&self, socket: TcpStream) -> io::Result<(Socket, bool)> {
        if let Some(tls) = &self.tls {
            let stream = tls.accept(socket).await?;
            let is_http2 = stream.ssl().selected_alpn_protocol() == Some(HTTP2_NAME);
            return Ok((Socket::Tls(Box::new(stream)), is_http2));
        }
        let mut first = [0; HTTP2_PREFACE.len()];
        socket.peek(&mut first).await?;
        Ok((Socket::Plain(socket), first == HTTP2_PREFACE))
    }
}

impl ConnectionHandle {
    /// Whether the client's connection has TLS.
    pub(crate) const fn has_tls(&self) -> bool {
        self.has_tls
    }

    /// Returns a receiver whose sender is dropped when the client hangs up.
    pub(crate) fn open(&self) -> watch::Receiver<()> {
        self.open.clone()
    }

    /// Begins a request; `None` if too many are in progress.
    pub(crate) fn begin_request(&self) -> Option<RequestInProgress> {
        let mut shared = self.shared.borrow_mut();
        if shared.requests >= MAX_REQUESTS {
            return None;
        }
        shared.requests += 1;
        shared.progress_at = Instant::now();
        Some(RequestInProgress { shared: self.shared.clone(), unread: false })
    }

    /// Returns another handle of the same connection.
    pub(crate) fn share(&self) -> Self {
        Self { shared: self.shared.clone(), open: self.open.clone(), has_tls: self.has_tls }
    }

    /// Lets `taker` take the socket once everything written before was sent.
    pub(crate) fn take(&self, taker: Taker) {
        self.shared.borrow_mut().taker = Some(taker);
    }

    /// Returns whether the socket was taken.
    pub(crate) fn is_taken(&self) -> bool {
        self.shared.borrow().socket.is_none()
    }
}

impl RequestInProgress {
    /// Notes that every part of the answer so far was sent, and whether there is another one to be sent.
    pub(crate) fn go_on(&mut self, has_next: bool) {
        let mut shared = self.shared.borrow_mut();
        shared.progress_at = Instant::now();
        match (self.unread, has_next) {
            (false, true) => {
                shared.unread += 1;
                // Nothing else may wake the task that looks how long this takes.
                if let Some(reader) = &shared.reader {
                    reader.wake_by_ref();
                }
            }
            (true, false) => shared.unread -= 1,
            _ => {}
        }
        self.unread = has_next;
    }
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        let mut shared = self.shared.borrow_mut();
        shared.unread -= u32::from(self.unread);
        shared.requests -= 1;
        shared.idle_since = Instant::now();
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = self.with_socket(|socket| socket.poll_read(context, buffer));
        let Self { shared, open, deadlines, .. } = self.get_mut();
        let read = match polled {
            Poll::Ready(read) => read,
            Poll::Pending if deadlines.is_idle(shared, context) => Err(ErrorKind::TimedOut.into()),
            Poll::Pending if deadlines.is_unread(shared, context) => {
                Err(ErrorKind::TimedOut.into())
            }
            Poll::Pending => return Poll::Pending,
        };
        if read.is_err() || buffer.filled().len() == before {
            *open = None;
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.with_socket(|socket| socket.poll_write(context, bytes));
        let Self { shared, deadlines, .. } = self.get_mut();
        deadlines.unless_stalled(shared, written, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.with_socket(|socket| socket.poll_write_vectored(context, parts));
        let Self { shared, deadlines, .. } = self.get_mut();
        deadlines.unless_stalled(shared, written, context)
    }

    fn is_write_vectored(&self) -> bool {
        !self.shared.borrow().socket.as_ref().is_some_and(Socket::has_tls)
    }

    /// The server flushes after the kernel has accepted all that it wrote: from here on the socket
    /// can have another owner. The server's next read then fails, and it drops the connection.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.give_away()? {
            context.waker().wake_by_ref();
            return Poll::Ready(Ok(()));
        }
        self.with_socket(|socket| socket.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with_socket(|socket| socket.poll_shutdown(context))
    }
}
