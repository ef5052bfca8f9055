use std::{
    convert::Infallible,
    net::TcpStream,
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, MessageBody},
    http::{Version, header},
    web::Bytes,
};

use crate::connection::{ConnectionHandle, Taker};

/// Hands the socket of a request's connection over to other code once the head of the response was
/// sent. That code writes the body, and the server keeps nothing of the connection.
///
/// The body has chunked encoding, and the connection ends with it: respond with `Connection: close`. After
/// a response that switches protocols, it has that of the other protocol. With TLS, the socket is one end of a pair
/// whose other end is encrypted: its address is not the client's.
pub struct HandOver(ConnectionHandle);

/// The body of a response whose socket is handed over.
struct Handed {
    connection: ConnectionHandle,
    /// `None` once the connection has it.
    taker: Option<Taker>,
}

impl HandOver {
    /// Returns `None` where the server must write the body itself: over HTTP/2, whose connections
    /// serve other requests meanwhile, over HTTP/1.0, which has no chunked encoding, for a request
    /// with a body, and without [`serve`](crate::serve).
    pub fn of(request: &HttpRequest) -> Option<Self> {
        let has_body = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
        let has_body = has_body.iter().any(|name| request.headers().contains_key(name));
        if request.version() != Version::HTTP_11 || has_body {
            return None;
        }
        request.conn_data::<ConnectionHandle>().map(|connection| Self(connection.share()))
    }

    /// Returns the body with which `taker` gets the socket, which does not block. If the client
    /// hangs up earlier, `taker` is dropped.
    pub fn body(self, taker: impl FnOnce(TcpStream) + 'static) -> impl MessageBody {
        Handed { connection: self.0, taker: Some(Box::new(taker)) }
    }
}

impl MessageBody for Handed {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if let Some(taker) = self.taker.take() {
            self.connection.take(taker);
        } else if self.connection.is_taken() {
            // The server's write of these bytes fails, so that it drops the connection. An end of
            // the body would let it answer a next request.
            return Poll::Ready(Some(Ok(Bytes::from_static(b"taken"))));
        }
        Poll::Pending
    }
}
