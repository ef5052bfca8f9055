use std::{
    any::Any,
    future::pending,
    io::{self, ErrorKind},
    os::fd::{AsFd, OwnedFd},
};

use actix_web::{HttpRequest, dev::Extensions, rt::net::TcpStream};
use tokio::io::Interest;

/// Tells when the client of a request closes its connection, also while nothing is sent to it.
///
/// The server notices a closed connection by itself only when it writes. A client that closes its
/// own half alone counts as gone, too: whoever reads a stream has no reason to do that.
pub struct HangUp(Option<TcpStream>);

/// A second descriptor of a connection's socket, to watch it with.
struct Socket(OwnedFd);

impl HangUp {
    /// Watches the connection of `request`. One that was not served by
    /// [`serve_streams`](crate::serve_streams) never hangs up.
    pub fn of(request: &HttpRequest) -> Self {
        let watched = request.conn_data::<Socket>().map(Socket::watched);
        Self(watched.and_then(|watched| watched.inspect_err(not_watched).ok()))
    }

    /// Returns when the client has hung up. May be dropped and called again.
    pub async fn wait(&self) {
        let Some(socket) = &self.0 else {
            return pending().await;
        };
        while let Ok(ready) = socket.ready(Interest::READABLE).await {
            if ready.is_read_closed() {
                return;
            }
            // The bytes of a next request are for the server to read: wait for the next sign.
            let seen = socket.try_io(Interest::READABLE, || {
                Err::<(), _>(io::Error::from(ErrorKind::WouldBlock))
            });
            seen.unwrap_or_default();
        }
    }
}

impl Socket {
    /// Streams of one HTTP/2 connection watch it each on a descriptor of their own.
    fn watched(&self) -> io::Result<TcpStream> {
        TcpStream::from_std(self.0.try_clone()?.into())
    }
}

/// Keeps what [`HangUp`] needs of a new connection.
pub(crate) fn watch(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    let socket = stream.map(|stream| stream.as_fd().try_clone_to_owned());
    if let Some(Ok(socket)) = socket.map(|socket| socket.inspect_err(not_watched)) {
        data.insert(Socket(socket));
    }
}

fn not_watched(error: &io::Error) {
    tracing::warn!(%error, "whether a client hangs up is noticed late: its socket is not watched");
}
