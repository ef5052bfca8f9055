use std::{
    io::{self, ErrorKind, Read, Write},
    net::Shutdown,
};

use bytes::Bytes;
use mio::net::TcpStream;
use tokio::sync::mpsc;

use super::frames::{Chunk, LAST_CHUNK};

/// The way to one client.
pub(crate) enum Outlet {
    /// The client's own connection.
    Socket(TcpStream),
    /// A body that the server writes, because it keeps the connection: see [`web::serve`].
    Body {
        frames: mpsc::Sender<Bytes>,
        /// Whether the server waits for the next frame.
        is_waiting: bool,
    },
}

impl Outlet {
    /// The frames that a body can hold: one that the server waits for, and the last one.
    pub(crate) const BODY_FRAMES: usize = 2;

    /// Returns whether bytes may be written now.
    pub(crate) const fn accepts(&self) -> bool {
        match self {
            Self::Socket(_) => true,
            Self::Body { is_waiting, .. } => *is_waiting,
        }
    }

    /// Returns what is to be written for a chunk.
    pub(crate) fn bytes_of(&self, chunk: &Chunk) -> Bytes {
        match self {
            Self::Socket(_) => chunk.bytes(),
            Self::Body { .. } => chunk.contents(),
        }
    }

    /// Writes as much as the client accepts now, and returns the rest.
    ///
    /// # Errors
    /// The connection is closed.
    pub(crate) fn write(&mut self, mut bytes: Bytes) -> io::Result<Bytes> {
        match self {
            Self::Socket(socket) => {
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
        if let Self::Socket(mut socket) = self {
            // Bytes left unread would make the kernel reset the connection, and the client would
            // lose the end. If this fails the connection is closed already.
            let _ = socket.read(&mut [0; 4_096]);
            let _ = socket.write_all(LAST_CHUNK.as_bytes());
            let _ = socket.shutdown(Shutdown::Write);
        }
    }
}
