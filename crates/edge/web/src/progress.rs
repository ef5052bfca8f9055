//! Which requests of a connection are in progress: until the end of their response.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use actix_web::{
    HttpRequest,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::ServiceResponse,
    web::Bytes,
};
use problem::{Code, Problem};

use crate::connection::{ConnectionHandle, RequestInProgress};

/// A streamed body, with the request that is in progress until its end.
struct InProgress {
    body: BoxBody,
    _request: RequestInProgress,
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
    match response.response().body().size() {
        BodySize::Stream => response.map_body(|_, body| {
            let body = InProgress { body: body.boxed(), _request: request };
            EitherBody::right(BoxBody::new(body))
        }),
        // Such a body is written as fast as the client reads it, which has a limit of its own.
        BodySize::None | BodySize::Sized(_) => {
            response.response_mut().extensions_mut().insert(request);
            response
        }
    }
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
        Pin::new(&mut self.body).poll_next(context)
    }
}
