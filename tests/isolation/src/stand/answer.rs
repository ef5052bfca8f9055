use std::{collections::BTreeMap, time::Duration};

use reqwest::RequestBuilder;
use serde_json::Value;
use tokio::time::timeout;

/// How long a live stream is read without a frame.
const SILENCE: Duration = Duration::from_millis(500);
/// The most frames that are read of a live stream.
const FRAMES: usize = 20;

/// An answer, read to its end; of a live stream, its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Sends a request and reads its answer. A request that meets a connection which is closing is sent again, once: what
    /// ends a connection by its content ends the next one, too.
    pub(crate) async fn of(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let again = request.try_clone();
        match (Self::read(request).await, again) {
            (Err(error), Some(again)) if !error.is_timeout() => Self::read(again).await,
            (answer, _) => answer,
        }
    }

    async fn read(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        let mut response = request.send().await?;
        let shown = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers: BTreeMap<_, _> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), shown(value)))
            .collect();
        let is_endless =
            headers.get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        if is_endless {
            for _ in 0..FRAMES {
                match timeout(SILENCE, response.chunk()).await {
                    Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                    _ => break,
                }
            }
        } else {
            while let Some(chunk) = response.chunk().await? {
                body.extend_from_slice(&chunk);
            }
        }
        Ok(Self { status, headers, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the body as text; bytes that are no UTF-8 are replaced.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Returns the body as JSON; `null` if it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the headers and the body as text, to search for words.
    pub(crate) fn everything(&self) -> String {
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
        headers.collect::<String>() + &self.text()
    }
}
