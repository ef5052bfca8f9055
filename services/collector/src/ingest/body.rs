use std::{ops::Deref, time::Duration};

use actix_web::{
    http::header::{CONTENT_LENGTH, HeaderMap},
    web::Payload,
};
use futures::StreamExt;
use problem::{Code, Problem};

use super::{
    Encoding, Ingest, RETRY_AFTER,
    in_flight::Room,
    inflate::{InflateError, Inflater},
};

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// A body as it was before it was compressed, and the room it takes until dropped.
#[derive(Debug)]
pub(crate) struct Body {
    bytes: Vec<u8>,
    _room: Room,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Ingest {
    /// Reads and inflates a body. Room for it is taken before its first byte is read.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        encoding: Encoding,
        payload: Payload,
    ) -> Result<Body, Problem> {
        let announced = announced(headers);
        if announced.is_some_and(|length| length > self.most(encoding)) {
            return Err(self.too_large(encoding));
        }
        // What is compressed may become anything up to the limit.
        let weight = match (encoding, announced) {
            (Encoding::Identity, Some(length)) => length,
            _ => self.settings.max_inflated_bytes + encoding.working_bytes(),
        };
        let mut room = self.in_flight.take(weight).ok_or_else(|| {
            Problem::new(Code::Unavailable, "Too much is being taken in at this moment. Try again.")
                .with_retry_after(RETRY_AFTER)
        })?;
        let bytes = tokio::time::timeout(ARRIVAL, self.inflate(encoding, payload))
            .await
            .map_err(|_| malformed("The body did not arrive within 30 seconds."))??;
        room.shrink(bytes.len());
        Ok(Body { bytes, _room: room })
    }

    async fn inflate(&self, encoding: Encoding, mut payload: Payload) -> Result<Vec<u8>, Problem> {
        let failed = |error| match error {
            InflateError::TooLarge => self.too_large(encoding),
            InflateError::Malformed => {
                malformed(format!("The body is not valid {}.", encoding.as_str()))
            }
        };
        let mut inflater =
            Inflater::new(encoding, self.settings.max_inflated_bytes).map_err(failed)?;
        let mut read = 0;
        while let Some(piece) = payload.next().await {
            let piece = piece.map_err(|_| malformed("The body ended early."))?;
            read += piece.len();
            if read > self.most(encoding) {
                return Err(self.too_large(encoding));
            }
            inflater.write(&piece).map_err(failed)?;
        }
        inflater.finish().map_err(failed)
    }

    /// The most bytes that may be sent.
    fn most(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Identity => self.settings.max_inflated_bytes,
            Encoding::Gzip | Encoding::Zstd => self.settings.max_body_bytes,
        }
    }

    fn too_large(&self, encoding: Encoding) -> Problem {
        let inflated = self.settings.max_inflated_bytes;
        let detail = match encoding {
            Encoding::Identity => format!("The body may hold {inflated} bytes at most."),
            Encoding::Gzip | Encoding::Zstd => format!(
                "The body may hold {} bytes at most, and {inflated} once inflated.",
                self.settings.max_body_bytes
            ),
        };
        Problem::new(Code::BodyTooLarge, detail)
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::MalformedBody, detail)
}
