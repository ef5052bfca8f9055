use std::{convert::Infallible, future::poll_fn, pin::Pin, time::Duration};

use actix_web::{
    HttpResponse,
    body::{BoxBody, MessageBody},
    dev::ServiceResponse,
    http::StatusCode,
    test::TestRequest,
};
use futures::StreamExt;
use serde_json::Value;
use web::HangUp;

use crate::live::seat::Seat;

/// One event of a stream.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) data: Value,
}

pub(super) struct Stream {
    body: Pin<Box<BoxBody>>,
    buffer: String,
}

impl Stream {
    /// Connects the client of a stream that was opened.
    pub(super) fn connect(seat: Seat) -> Self {
        let request = TestRequest::get().to_http_request();
        let frames = seat.body(HangUp::of(&request)).map(Ok::<_, Infallible>);
        let response = HttpResponse::Ok().streaming(Box::pin(frames));
        Self::new(ServiceResponse::new(request, response))
    }

    pub(super) fn new(response: ServiceResponse<BoxBody>) -> Self {
        assert_eq!(response.status(), StatusCode::OK);
        Self { body: Box::pin(response.into_body()), buffer: String::new() }
    }

    /// Returns the next event, without comments.
    pub(super) async fn event(&mut self) -> Event {
        self.event_within(Duration::from_secs(10)).await.expect("an event within ten seconds")
    }

    pub(super) async fn event_within(&mut self, timeout: Duration) -> Option<Event> {
        loop {
            let text = tokio::time::timeout(timeout, self.text()).await.ok()?;
            assert!(!text.is_empty(), "the stream is over");
            let field = |name: &str| {
                let value = text.lines().find_map(|line| line.strip_prefix(name));
                value.unwrap_or_default().to_owned()
            };
            let data = field("data: ");
            if !data.is_empty() {
                let data = serde_json::from_str(&data).unwrap();
                return Some(Event { id: field("id: "), name: field("event: "), data });
            }
        }
    }

    /// Returns the next block of lines; empty at the end.
    pub(super) async fn text(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let block = format!("{block}\n\n");
                self.buffer = rest.to_owned();
                return block;
            }
            match poll_fn(|context| self.body.as_mut().poll_next(context)).await {
                Some(bytes) => self.buffer += str::from_utf8(&bytes.unwrap()).unwrap(),
                None => return String::new(),
            }
        }
    }

    pub(super) async fn is_over(&mut self) -> bool {
        let end = tokio::time::timeout(Duration::from_secs(10), self.text()).await;
        end.expect("an end within ten seconds").is_empty()
    }
}
