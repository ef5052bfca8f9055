use auth::Subject;
use shares::{Share, Shares};
use telemetry::Gauge;
use tenancy::ClientId;

/// The memory of all requests in flight together. Each tenant, and each of its credentials, has a fair
/// share of it: a collect key is public, and a client with it can send as slowly as it likes.
pub(crate) struct InFlight {
    bytes: Shares<ClientId, Subject>,
}

/// The bytes that one request holds, until dropped.
pub(super) struct Held(Share<ClientId, Subject>);

impl InFlight {
    /// The part of everything that one credential may hold: one in so many. So as many times a
    /// request must fit.
    pub(crate) const PART_OF_A_CREDENTIAL: usize = 3;

    pub(super) fn new(bytes: usize) -> Self {
        Gauge::InFlightLimit.set(&[], bytes.try_into().unwrap_or(i64::MAX));
        Self { bytes: Shares::new(bytes as u64) }
    }

    /// Returns what a new request holds: nothing yet.
    pub(super) fn begin(&self, client_id: &ClientId, subject: &Subject) -> Option<Held> {
        self.bytes.take(client_id.clone(), subject.clone(), 0).map(Held)
    }
}

impl Held {
    /// Holds `bytes` in place of what was held. Returns false if they are more than the share.
    #[must_use]
    pub(super) fn hold(&mut self, bytes: usize) -> bool {
        let before = self.0.amount();
        let bytes = bytes as u64;
        let holds = match bytes.checked_sub(before) {
            Some(more) => self.0.grow(more),
            None => {
                self.0.shrink(bytes);
                true
            }
        };
        count(self.0.amount(), before);
        holds
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        count(0, self.0.amount());
    }
}

fn count(now: u64, before: u64) {
    if now != before {
        Gauge::InFlightBytes.add(&[], now.cast_signed().saturating_sub(before.cast_signed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_holds_what_it_needs_and_no_longer() {
        let in_flight = InFlight::new(300);
        let acme = "acme".parse().unwrap();
        let key = "key:0123456789abcdef".parse().unwrap();
        let mut first = in_flight.begin(&acme, &key).unwrap();
        assert!(first.hold(100));
        assert!(!first.hold(101), "more than the share of one key");
        let mut second = in_flight.begin(&acme, &key).unwrap();
        assert!(!second.hold(1));
        assert!(first.hold(40));
        assert!(second.hold(60));
        drop((first, second));
        assert_eq!(in_flight.bytes.taken(), 0);
    }
}
