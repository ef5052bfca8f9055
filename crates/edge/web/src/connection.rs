use std::{
    cell::RefCell,
    io::{self, ErrorKind},
    net::{SocketAddr, TcpStream as StdTcpStream},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use actix_http::Protocol;
use actix_web::{dev::Extensions, rt::net::TcpStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

/// The first bytes of an HTTP/2 connection without TLS (RFC 9113, section 3.4), as far as they
/// distinguish it from HTTP/1.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2";

/// What becomes of a socket that the server gives away.
pub(crate) type Taker = Box<dyn FnOnce(StdTcpStream)>;

/// A client's connection as the server reads and writes it. A handler can take its socket: the
/// connection is then over for the server, and the socket stays open.
pub(crate) struct Connection {
    shared: Rc<RefCell<Shared>>,
    /// Dropped when the client hangs up, and with the connection.
    open: Option<watch::Sender<()>>,
}

/// What the handlers of a connection know of it.
pub(crate) struct ConnectionHandle {
    shared: Rc<RefCell<Shared>>,
    open: watch::Receiver<()>,
}

struct Shared {
    /// `None` once it was taken.
    socket: Option<TcpStream>,
    /// Takes the socket when everything written before was sent.
    taker: Option<Taker>,
}

impl Connection {
    /// Reads which protocol a new connection has. Consumes none of its bytes.
    pub(crate) async fn accept(
        socket: TcpStream,
    ) -> io::Result<(Self, Protocol, Option<SocketAddr>)> {
        let mut first = [0; HTTP2_PREFACE.len()];
        socket.peek(&mut first).await?;
        let protocol = if first == HTTP2_PREFACE { Protocol::Http2 } else { Protocol::Http1 };
        let peer = socket.peer_addr().ok();
        let shared = Shared { socket: Some(socket), taker: None };
        let connection =
            Self { shared: Rc::new(RefCell::new(shared)), open: Some(watch::Sender::new(())) };
        Ok((connection, protocol, peer))
    }

    /// Stores the handle of a new connection for its requests.
    pub(crate) fn register(&self, data: &mut Extensions) {
        if let Some(open) = &self.open {
            data.insert(ConnectionHandle { shared: self.shared.clone(), open: open.subscribe() });
        }
    }

    fn with_socket<T>(
        &self,
        work: impl FnOnce(Pin<&mut TcpStream>) -> Poll<io::Result<T>>,
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
            taker(socket.into_std()?);
        }
        Ok(true)
    }
}

impl ConnectionHandle {
    /// Returns a receiver whose sender is dropped when the client hangs up.
    pub(crate) fn open(&self) -> watch::Receiver<()> {
        self.open.clone()
    }

    /// Returns another handle of the same connection.
    pub(crate) fn share(&self) -> Self {
        Self { shared: self.shared.clone(), open: self.open.clone() }
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

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(self.with_socket(|socket| socket.poll_read(context, buffer)));
        if read.is_err() || buffer.filled().len() == before {
            self.open = None;
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
        self.with_socket(|socket| socket.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.with_socket(|socket| socket.poll_write_vectored(context, parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
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
