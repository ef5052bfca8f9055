use std::fmt;

use chrono::{DateTime, Utc};
use log::LogPlace;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, Version};

/// The number of bytes of an id that hold its time.
const TIME_BYTES: usize = 6;

/// 2200-01-01, in milliseconds: the last time in an id. ClickHouse cannot store all later ones.
const TIME_END: u64 = 7_258_118_400_000;

/// The id of a reject: a UUID (version 8, RFC 9562) of the time of receipt, in milliseconds, and a
/// hash of its place in the log. A reject gets the same id each time it is read from the log, and
/// the time in the id bounds the rows that a query by id reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RejectId(Uuid);

impl RejectId {
    /// Derives the id from the time of receipt and the place in the log.
    pub fn new(received_at: DateTime<Utc>, place: LogPlace) -> Self {
        let hash = Sha256::digest(place.to_string());
        let millis = u64::try_from(received_at.timestamp_millis()).unwrap_or_default();
        let time = millis.min(TIME_END).to_be_bytes();
        let time = time.iter().skip(size_of::<u64>() - TIME_BYTES);
        let mut bytes = [0; 16];
        for (byte, value) in bytes.iter_mut().zip(time.chain(&hash)) {
            *byte = *value;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// Returns the time of receipt, to the millisecond; `None` when this is not the id of a reject.
    pub fn received_at(self) -> Option<DateTime<Utc>> {
        if self.0.get_version() != Some(Version::Custom) {
            return None;
        }
        let (time, _) = self.0.as_u64_pair();
        let millis = time >> (8 * (size_of::<u64>() - TIME_BYTES));
        let millis = i64::try_from(millis).ok().filter(|_| millis <= TIME_END)?;
        DateTime::from_timestamp_millis(millis)
    }

    /// Returns the event id for a reject whose own event id cannot be used, always the same.
    pub fn derived_event_id(self) -> Uuid {
        Uuid::new_v5(&self.0, b"event")
    }

    /// Returns the id as stored in the table.
    pub(super) fn uuid(self) -> Uuid {
        self.0
    }

    /// Wraps an id from the table.
    pub(super) fn stored(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for RejectId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::str::FromStr for RejectId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        text.parse().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: LogPlace = LogPlace::new(3, 1, 41);

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_is_always_the_same_and_contains_the_time_of_receipt() {
        let received_at = at("2026-03-01T12:00:00.123Z");
        let id = RejectId::new(received_at, PLACE);
        assert_eq!(id, RejectId::new(received_at, PLACE));
        assert_eq!(id.received_at(), Some(received_at));
        assert_eq!(id.to_string(), "019ca945-0a7b-83af-a005-422329c4a210");
        let again = RejectId::new(received_at, PLACE);
        assert_eq!(id.derived_event_id(), again.derived_event_id());
    }

    #[test]
    fn no_two_places_share_an_id() {
        let received_at = at("2026-03-01T12:00:00Z");
        let places =
            [PLACE, LogPlace::new(4, 1, 41), LogPlace::new(3, 2, 41), LogPlace::new(3, 1, 42)];
        let ids: std::collections::BTreeSet<_> =
            places.map(|place| RejectId::new(received_at, place)).into();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn ids_of_other_things_have_no_time() {
        let never = Uuid::from_bytes([0xff; 16]);
        let never = Builder::from_custom_bytes(*never.as_bytes()).into_uuid();
        for id in [Uuid::nil(), Uuid::now_v7(), Uuid::from_u128(7), never] {
            assert_eq!(RejectId::stored(id).received_at(), None, "{id}");
        }
    }
}
