//! Which requests of a connection are in progress: until the end of their response.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::ServiceResponse,
    http::Version,
    web::Bytes,
};
use problem::{Code, Problem};

use crate::connection::{ConnectionHandle, RequestInProgress};

/// The most bytes of an HTTP/2 body that are passed on at once: so many a client must read in half a minute.
const PIECE: usize = 16 << 10;

/// A body, with the request that is in progress until its end.
struct InProgress {
    body: BoxBody,
    /// The most bytes that are passed on at once.
    piece: usize,
    /// What is left of the last part of the body.
    rest: Bytes,
    request: RequestInProgress,
}

/// Begins a request; `None` without [`serve`](crate::serve), which counts them.
///
/// # Errors
/// Too many requests of the connection are in progress.
pub(crate) fn begin(request: &HttpRequest) -> Result<Option<RequestInProgress>, Problem> {
    let Some(connection) = request.conn_data::<ConnectionHandle>() else { return Ok(None) };
    connection.begin_request().map(Some).ok_or_else(|| {
        let detail = "Too many requests are in progress on this connection. Wait for some answers.";
        Problem::new(Code::RateLimited, detail).with_retry_after(std::time::Duration::from_secs(1))
    })
}

/// Keeps the request in progress until its response was sent.
pub(crate) fn until_sent<B: MessageBody + 'static>(
    request: Option<RequestInProgress>,
    mut response: ServiceResponse<EitherBody<B, BoxBody>>,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let Some(request) = request else { return response };
    let piece = match (response.response().body().size(), response.request().version()) {
        (BodySize::Stream | BodySize::Sized(_), Version::HTTP_2) => PIECE,
        (BodySize::Stream, _) => usize::MAX,
        // Such a body is written as fast as the client reads it, which has a limit of its own.
        (BodySize::None | BodySize::Sized(_), _) => {
            response.response_mut().extensions_mut().insert(request);
            return response;
        }
    };
    response.map_body(|_, body| {
        let body = InProgress { body: body.boxed(), piece, rest: Bytes::new(), request };
        EitherBody::right(BoxBody::new(body))
    })
}

impl MessageBody for InProgress {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        // The server asks for the next part once it has sent, or may send, all of the last one.
        let mut part = std::mem::take(&mut self.rest);
        if part.is_empty() {
            part = match Pin::new(&mut self.body).poll_next(context) {
                Poll::Ready(Some(Ok(part))) => part,
                other => {
                    self.request.go_on(false);
                    return other;
                }
            };
        }
        if part.len() > self.piece {
            self.rest = part.split_off(self.piece);
        }
        self.request.go_on(true);
        Poll::Ready(Some(Ok(part)))
    }
}
