use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
};

use bytes::Bytes;
use mio::net::TcpStream;
use tokio::{sync::mpsc, time::Instant};
use web::web_socket::{self, ClientMessages, CloseCode};

use super::frames::{Chunk, LAST_CHUNK};

/// How often what a client has sent is read before its connection is closed.
const LAST_READS: usize = 16;

/// The way to one client.
pub(crate) enum Outlet {
    /// The client's own connection.
    Socket(TcpStream),
    /// The same, after a handshake.
    WebSocket(Box<WebSocket>),
    /// A body that the server writes, because it keeps the connection: see [`web::serve`].
    Body {
        frames: mpsc::Sender<Bytes>,
        /// Whether the server waits for the next frame.
        is_waiting: bool,
    },
}

/// A connection on which the client sends messages too.
pub(crate) struct WebSocket {
    pub(crate) socket: TcpStream,
    pub(crate) messages: ClientMessages,
    /// Whether an order of the client is being obeyed.
    pub(crate) is_obeying: bool,
    /// The message that follows the order which is being obeyed. Nothing is read after it.
    pub(crate) parked: Option<String>,
    /// When the client may subscribe again.
    pub(crate) next_subscription: Option<Instant>,
}

impl WebSocket {
    pub(crate) fn new(socket: TcpStream) -> Self {
        let messages = ClientMessages::default();
        Self { socket, messages, is_obeying: false, parked: None, next_subscription: None }
    }

    /// Receives some of what the client sent. Returns whether there was anything.
    ///
    /// # Errors
    /// The connection is closed.
    pub(crate) fn receive(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 4_096];
        loop {
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.messages.receive(bytes.get(..count).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Outlet {
    /// The frames that a body can hold: one that the server waits for, and the last one.
    pub(crate) const BODY_FRAMES: usize = 2;

    /// Returns whether bytes may be written now.
    pub(crate) const fn accepts(&self) -> bool {
        match self {
            Self::Socket(_) | Self::WebSocket(_) => true,
            Self::Body { is_waiting, .. } => *is_waiting,
        }
    }

    /// Returns what is to be written for a chunk.
    pub(crate) fn bytes_of(&self, chunk: &Chunk) -> Bytes {
        match self {
            Self::Socket(_) | Self::WebSocket(_) => chunk.bytes(),
            Self::Body { .. } => chunk.contents(),
        }
    }

    /// Writes as much as the client accepts now, and returns the rest.
    ///
    /// # Errors
    /// The connection is closed.
    pub(crate) fn write(&mut self, bytes: Bytes) -> io::Result<Bytes> {
        match self {
            Self::Socket(socket) => write_to(socket, bytes),
            Self::WebSocket(web_socket) => write_to(&mut web_socket.socket, bytes),
            Self::Body { is_waiting: false, .. } => Ok(bytes),
            Self::Body { frames, is_waiting } => {
                *is_waiting = false;
                frames.try_send(bytes).map_err(|_| ErrorKind::BrokenPipe)?;
                Ok(Bytes::new())
            }
        }
    }

    /// Ends the stream after `last`. A client that does not accept that at once is cut off.
    pub(crate) fn end(mut self, last: Option<&Chunk>) {
        if let Some(last) = last {
            if let Self::Body { is_waiting, .. } = &mut self {
                *is_waiting = true;
            }
            let bytes = self.bytes_of(last);
            if !matches!(self.write(bytes), Ok(rest) if rest.is_empty()) {
                return;
            }
        }
        match self {
            Self::Socket(socket) => finish(socket, LAST_CHUNK.as_bytes()),
            Self::WebSocket(web_socket) => {
                let code = if last.is_some() { CloseCode::Policy } else { CloseCode::Away };
                finish(web_socket.socket, &web_socket::close(code));
            }
            Self::Body { .. } => {}
        }
    }

    /// Closes a WebSocket.
    pub(crate) fn close(self, code: CloseCode) {
        if let Self::WebSocket(web_socket) = self {
            finish(web_socket.socket, &web_socket::close(code));
        }
    }
}

fn write_to(socket: &mut TcpStream, mut bytes: Bytes) -> io::Result<Bytes> {
    while !bytes.is_empty() {
        match socket.write(&bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => drop(bytes.split_to(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

fn finish(mut socket: TcpStream, last: &[u8]) {
    // Bytes left unread would make the kernel reset the connection, and the client would lose the end.
    // If this fails the connection is closed already.
    for _ in 0..LAST_READS {
        if !matches!(socket.read(&mut [0; 4_096]), Ok(1..)) {
            break;
        }
    }
    let _ = socket.write_all(last);
    let _ = socket.shutdown(Shutdown::Write);
}
