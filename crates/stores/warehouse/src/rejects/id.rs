use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, Version};

/// How many bytes of an id are its time.
const TIME_BYTES: usize = 6;

/// 2200-01-01, in milliseconds: times beyond are none of ours, and not all of them ClickHouse's.
const TIME_END: u64 = 7_258_118_400_000;

/// Where a record stands in one of the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The generation of the log.
    pub kgen: u16,
    /// The partition.
    pub partition: u16,
    /// The offset.
    pub offset: u64,
}

/// The id of a rejected event: a UUID (version 8, RFC 9562) that begins with the time of its
/// receipt, in milliseconds, and goes on with a hash of where it stands in the log. The same
/// reject has the same id however often it is read from there, and the id alone says which rows to
/// look among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RejectId(Uuid);

impl RejectId {
    /// The id of what was received at a time and stands at a place.
    pub fn new(received_at: DateTime<Utc>, place: LogPlace) -> Self {
        let LogPlace { kgen, partition, offset } = place;
        let hash = Sha256::digest(format!("{kgen}:{partition}:{offset}"));
        let millis = u64::try_from(received_at.timestamp_millis()).unwrap_or_default();
        let time = millis.min(TIME_END).to_be_bytes();
        let time = time.iter().skip(size_of::<u64>() - TIME_BYTES);
        let mut bytes = [0; 16];
        for (byte, value) in bytes.iter_mut().zip(time.chain(&hash)) {
            *byte = *value;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// When the event was received, to the millisecond. `None` for an id that is none of ours.
    pub fn received_at(self) -> Option<DateTime<Utc>> {
        if self.0.get_version() != Some(Version::Custom) {
            return None;
        }
        let (time, _) = self.0.as_u64_pair();
        let millis = time >> (8 * (size_of::<u64>() - TIME_BYTES));
        let millis = i64::try_from(millis).ok().filter(|_| millis <= TIME_END)?;
        DateTime::from_timestamp_millis(millis)
    }

    /// An event id for what has none that can be used: always the same.
    pub fn derived(self) -> Uuid {
        Uuid::new_v5(&self.0, b"event")
    }

    /// As the table has it.
    pub(super) fn uuid(self) -> Uuid {
        self.0
    }

    /// From the table.
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

    const PLACE: LogPlace = LogPlace { kgen: 3, partition: 1, offset: 41 };

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn an_id_is_always_the_same_and_says_when_the_event_was_received() {
        let received_at = at("2026-03-01T12:00:00.123Z");
        let id = RejectId::new(received_at, PLACE);
        assert_eq!(id, RejectId::new(received_at, PLACE));
        assert_eq!(id.received_at(), Some(received_at));
        assert_eq!(id.to_string(), "019ca945-0a7b-83af-a005-422329c4a210");
        assert_eq!(id.derived(), RejectId::new(received_at, PLACE).derived());
    }

    #[test]
    fn no_two_places_share_an_id() {
        let received_at = at("2026-03-01T12:00:00Z");
        let ids = [
            PLACE,
            LogPlace { kgen: 4, ..PLACE },
            LogPlace { partition: 2, ..PLACE },
            LogPlace { offset: 42, ..PLACE },
        ];
        let ids: std::collections::BTreeSet<_> =
            ids.map(|place| RejectId::new(received_at, place)).into();
        assert_eq!(ids.len(), 4);
    }

    #[test]
    fn ids_of_others_have_no_time() {
        let never = Uuid::from_bytes([0xff; 16]);
        let never = Builder::from_custom_bytes(*never.as_bytes()).into_uuid();
        for id in [Uuid::nil(), Uuid::now_v7(), Uuid::from_u128(7), never] {
            assert_eq!(RejectId::stored(id).received_at(), None, "{id}");
        }
    }
}
