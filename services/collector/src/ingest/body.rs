use std::ops::Deref;

use actix_web::{
    http::header::{CONTENT_LENGTH, HeaderMap},
    web::Payload,
};
use auth::WriteEvents;
use bytes::Bytes;
use problem::{Code, Problem};
use telemetry::Counter;
use web::{Arrival, Tenant};

use super::{
    Encoding, Ingest, RETRY_AFTER,
    in_flight::Held,
    inflate::{InflateError, Inflater},
};

/// An inflated body, with the memory that it holds.
pub(super) struct Body {
    bytes: Bytes,
    _held: Held,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Ingest {
    /// Reads and inflates a body of a tenant. Memory is held for what has arrived, not for what was
    /// announced.
    pub(super) async fn read(
        &self,
        tenant: &Tenant<WriteEvents>,
        headers: &HeaderMap,
        encoding: Encoding,
        payload: Payload,
    ) -> Result<Body, Problem> {
        if content_length(headers).is_some_and(|length| length > self.limit(encoding)) {
            return Err(self.too_large(encoding));
        }
        let client_id = tenant.context().client_id();
        let held = self.in_flight.begin(client_id, &tenant.principal().subject);
        let mut held = held.ok_or_else(too_many)?;
        let failed = |error| match error {
            InflateError::TooLarge => self.too_large(encoding),
            InflateError::Malformed => {
                malformed(format!("The body is not valid {}.", encoding.as_str()))
            }
        };
        let mut inflater =
            Inflater::new(encoding, self.settings.max_inflated_bytes).map_err(failed)?;
        let mut arrival = Arrival::of(payload);
        let mut sent = 0;
        while let Some(chunk) = arrival.next().await? {
            sent += chunk.len();
            if sent > self.limit(encoding) {
                return Err(self.too_large(encoding));
            }
            let needed = inflater.len() + chunk.len() + encoding.working_bytes();
            if !held.hold(needed) {
                return Err(too_many());
            }
            inflater.write(chunk).map_err(failed)?;
            if !held.hold(inflater.len() + encoding.working_bytes()) {
                return Err(too_many());
            }
        }
        let bytes = inflater.finish().map_err(failed)?;
        if !held.hold(bytes.len()) {
            return Err(too_many());
        }
        Ok(Body { bytes, _held: held })
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

/// Counts a request for which its tenant or its credential has no memory left. Returns its problem.
fn too_many() -> Problem {
    Counter::InFlightRefused.inc(&[]);
    let detail =
        "Too many bytes of this tenant, or of this credential, are being read now. Try again.";
    Problem::new(Code::Unavailable, detail).with_retry_after(RETRY_AFTER)
}

fn malformed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Problem {
    Problem::new(Code::MalformedBody, detail)
}
