use std::{
    any::Any,
    future::pending,
    io::{self, ErrorKind},
    os::fd::{AsFd, OwnedFd},
};

use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};
use tokio::io::Interest;

/// Detects that the client of a request closed its connection, even while nothing is sent to it.
///
/// The server itself notices a closed connection only when it writes. A half-closed connection
/// counts as closed, too: a client that reads a stream has no reason to close its sending half.
pub struct HangUp(Option<TcpStream>);

/// A second descriptor of a connection's socket, for watching it.
struct Socket(OwnedFd);

impl HangUp {
    /// Watches the connection of `request`. Without [`serve_streams`](crate::serve_streams) no
    /// hang-up is ever reported.
    pub fn of(request: &HttpRequest) -> Self {
        let watched = request.conn_data::<Socket>().map(Socket::watched);
        Self(watched.and_then(|watched| watched.inspect_err(warn_unwatched).ok()))
    }

    /// Waits until the client has hung up. May be dropped and called again.
    pub async fn wait(&self) {
        let Some(socket) = &self.0 else {
            return pending().await;
        };
        while let Ok(ready) = socket.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            // Readable bytes belong to a next request, which the server reads: wait again.
            let seen = socket.try_io(Interest::READABLE, || {
                Err::<(), _>(io::Error::from(ErrorKind::WouldBlock))
            });
            seen.unwrap_or_default();
        }
    }
}

impl Socket {
    /// Duplicates the descriptor: each stream of an HTTP/2 connection watches its own.
    fn watched(&self) -> io::Result<TcpStream> {
        TcpStream::from_std(self.0.try_clone()?.into())
    }
}

/// Stores the socket of a new connection for [`HangUp`].
pub(crate) fn watch(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    let socket = stream.map(|stream| stream.as_fd().try_clone_to_owned());
    if let Some(Ok(socket)) = socket.map(|socket| socket.inspect_err(warn_unwatched)) {
        data.insert(Socket(socket));
    }
}

fn warn_unwatched(error: &io::Error) {
    tracing::warn!(%error, "a socket cannot be watched, its client's hang-up is noticed late");
}
