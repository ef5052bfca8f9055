use std::{ops::Deref, time::Duration};

use actix_web::{
    http::header::{CONTENT_LENGTH, HeaderMap},
    web::Payload,
};
use bytes::Bytes;
use futures::StreamExt;
use problem::{Code, Problem};

use super::{
    Encoding, Ingest, RETRY_AFTER,
    in_flight::Reservation,
    inflate::{InflateError, Inflater},
};

/// How long a body may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// An inflated body, with its memory reservation.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Bytes,
    _reservation: Reservation,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Ingest {
    /// Reads and inflates a body. Memory for it is reserved before its first byte is read.
    pub(super) async fn read(
        &self,
        headers: &HeaderMap,
        encoding: Encoding,
        payload: Payload,
    ) -> Result<Body, Problem> {
        let content_length = content_length(headers);
        if content_length.is_some_and(|length| length > self.limit(encoding)) {
            return Err(self.too_large(encoding));
        }
        // A compressed body may inflate to any size up to the limit.
        let needed = match (encoding, content_length) {
            (Encoding::Identity, Some(length)) => length,
            _ => self.settings.max_inflated_bytes + encoding.working_bytes(),
        };
        let mut reservation = self.in_flight.reserve(needed).ok_or_else(|| {
            Problem::new(Code::Unavailable, "Too many requests are being read now. Try again.")
                .with_retry_after(RETRY_AFTER)
        })?;
        let bytes = tokio::time::timeout(ARRIVAL, self.inflate(encoding, payload))
            .await
            .map_err(|_| malformed("The body did not arrive within 30 seconds."))??;
        reservation.shrink(bytes.len());
        Ok(Body { bytes, _reservation: reservation })
    }

    async fn inflate(&self, encoding: Encoding, mut payload: Payload) -> Result<Bytes, Problem> {
        let failed = |error| match error {
            InflateError::TooLarge => self.too_large(encoding),
            InflateError::Malformed => {
                malformed(format!("The body is not valid {}.", encoding.as_str()))
            }
        };
        let mut inflater =
            Inflater::new(encoding, self.settings.max_inflated_bytes).map_err(failed)?;
        let mut read = 0;
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| malformed("The body ended early."))?;
            read += chunk.len();
            if read > self.limit(encoding) {
                return Err(self.too_large(encoding));
            }
            inflater.write(chunk).map_err(failed)?;
        }
        inflater.finish().map_err(failed)
    }

    /// Returns the limit of a body as sent, in bytes.
    fn limit(&self, encoding: Encoding) -> usize {
        match encoding {
            Encoding::Identity => self.settings.max_inflated_bytes,
            Encoding::Gzip | Encoding::Zstd => self.settings.max_body_bytes,
        }
    }

    fn too_large(&self, encoding: Encoding) -> Problem {
        let inflated = self.settings.max_inflated_bytes;
        let detail = match encoding {
            Encoding::Identity => format!("The body may have at most {inflated} bytes."),
            Encoding::Gzip | Encoding::Zstd => format!(
                "The body may have at most {} bytes, and {inflated} once inflated.",
                self.settings.max_body_bytes
            ),
        };
        Problem::new(Code::BodyTooLarge, detail)
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::MalformedBody, detail)
}
