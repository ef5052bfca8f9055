use std::future::pending;

use actix_web::HttpRequest;
use tokio::sync::watch;

use crate::connection::ConnectionHandle;

/// Detects that the client of a request closed its connection, even while nothing is sent to it.
///
/// A handler otherwise learns of a closed connection only when the server writes. A half-closed
/// connection counts as closed, too: a client that reads a stream has no reason to close its sending
/// half.
pub struct HangUp(Option<watch::Receiver<()>>);

impl HangUp {
    /// Watches the connection of `request`. Without [`serve`](crate::serve) no
    /// hang-up is ever reported.
    pub fn of(request: &HttpRequest) -> Self {
        Self(request.conn_data::<ConnectionHandle>().map(ConnectionHandle::open))
    }

    /// Waits until the client has hung up. May be dropped and called again.
    pub async fn wait(&mut self) {
        match &mut self.0 {
            // Nothing is ever sent: the error means that the connection is closed.
            Some(open) => while open.changed().await.is_ok() {},
            None => pending().await,
        }
    }
}
