use std::time::Duration;

use actix_web::web::{Bytes, Payload};
use futures::StreamExt;
use problem::{Code, Problem};
use tokio::time::{Instant, timeout_at};

/// How long a body may take beside the time that its bytes have at the least speed.
const GRACE: Duration = Duration::from_secs(5);
/// The least speed of a body, in bytes per second.
const LEAST_SPEED: u64 = 1_024;
/// How long a body may take, whatever its size.
const LONGEST: Duration = Duration::from_secs(30);
/// When a client may send a body again that arrived too slowly.
const RETRY: Duration = Duration::from_secs(1);

/// A request's body as it arrives, at a least speed: a client that sends a byte every few seconds would
/// otherwise keep a connection, and memory, for as long as they like.
pub struct Arrival {
    payload: Payload,
    began: Instant,
    received: u64,
}

impl Arrival {
    /// Begins to read a body.
    pub fn of(payload: Payload) -> Self {
        Self { payload, began: Instant::now(), received: 0 }
    }

    /// Returns the next bytes; `None` at the end.
    ///
    /// # Errors
    /// The body arrives too slowly, or breaks off.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let within = allowed(self.received);
        let next = timeout_at(self.began + within, self.payload.next());
        match next.await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(bytes))) => {
                self.received += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Ok(Some(Err(_))) => Err(Problem::new(Code::MalformedBody, "The body ended early.")),
            Err(_) => {
                let seconds = LONGEST.as_secs();
                let detail = format!(
                    "The body arrives too slowly: send at least {LEAST_SPEED} bytes a second, and \
                     all of it within {seconds} seconds."
                );
                Err(Problem::new(Code::BodyTooSlow, detail).with_retry_after(RETRY))
            }
        }
    }
}

/// Returns how long a body may have taken until more than `received` bytes are there.
fn allowed(received: u64) -> Duration {
    (GRACE + Duration::from_secs(received / LEAST_SPEED)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_time_for_its_bytes_at_the_least_speed_and_half_a_minute_at_most() {
        let seconds = [0, 1_023, 1_024, 20_480, 1 << 30].map(|bytes| allowed(bytes).as_secs());
        assert_eq!(seconds, [5, 5, 6, 25, 30]);
    }
}
