use std::{
    future::pending,
    io,
    net::TcpStream as StdTcpStream,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream as StdUnixStream,
    },
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::rt::net::TcpStream;
use tls::TlsStream;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::UnixStream,
    runtime::Handle,
    time::timeout,
};

use super::deadlines::WRITE_TIMEOUT;

/// How much of a stream is encrypted at once, in bytes.
const PIECE: usize = 8 * 1024;

/// The socket of a client, with or without TLS.
pub(super) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream>),
}

impl Socket {
    pub(super) const fn has_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Returns a socket whose bytes are those of the client, for code that knows nothing of TLS. With TLS it is
    /// one end of a pair: a task of `runtime` moves bytes between the other end and the client.
    pub(super) fn into_std(self, runtime: &Handle) -> io::Result<StdTcpStream> {
        match self {
            Self::Plain(socket) => socket.into_std(),
            Self::Tls(stream) => bridge(stream, runtime),
        }
    }
}

fn bridge(mut stream: Box<TlsStream>, runtime: &Handle) -> io::Result<StdTcpStream> {
    let (near, far) = StdUnixStream::pair()?;
    near.set_nonblocking(true)?;
    far.set_nonblocking(true)?;
    // The worker that accepted the socket may end before the stream does.
    let _entered = runtime.enter();
    let moved = stream.get_ref().as_fd().try_clone_to_owned()?;
    *stream.get_mut() = TcpStream::from_std(StdTcpStream::from(moved))?;
    let near = UnixStream::from_std(near)?;
    runtime.spawn(async move {
        // It ends with an error when the client hangs up, which the owner of the other end learns by itself.
        let _ = forward(*stream, near).await;
    });
    Ok(StdTcpStream::from(OwnedFd::from(far)))
}

/// Moves bytes both ways until the near end is closed, and says goodbye to the client.
async fn forward(client: TlsStream, near: UnixStream) -> io::Result<()> {
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let (mut from_near, mut to_near) = near.into_split();
    let up = async {
        // However it ends, the client sends nothing more.
        let _ = tokio::io::copy(&mut from_client, &mut to_near).await;
        to_near.shutdown().await?;
        pending::<io::Result<()>>().await
    };
    let down = async {
        let mut piece = vec![0; PIECE];
        loop {
            let read = from_near.read(&mut piece).await?;
            let Some(bytes @ [_, ..]) = piece.get(..read) else { break };
            timeout(WRITE_TIMEOUT, to_client.write_all(bytes)).await??;
        }
        timeout(WRITE_TIMEOUT, to_client.shutdown()).await?
    };
    tokio::select! {
        ended = up => ended,
        ended = down => ended,
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(context, parts),
            // It takes the first part that is not empty.
            Self::Tls(stream) => Pin::new(&mut **stream).poll_write_vectored(context, parts),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_flush(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(&mut **stream).poll_shutdown(context),
        }
    }
}
