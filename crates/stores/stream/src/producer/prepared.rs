use bytes::{BufMut, Bytes, BytesMut};
use log::Partition;
use rdkafka::{
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::BaseRecord,
};

use super::client::{Client, Ticket};
use crate::{KafkaSettings, StreamError, coordinates, kafka_settings::MAX_RECORD_BYTES};

/// The version of the format below. Bytes of another version are refused.
const VERSION: u8 = 1;

/// Means that Kafka chooses the partition.
const ANY_PARTITION: u16 = u16::MAX;

/// The part of [`MAX_RECORD_BYTES`] that is reserved for Kafka's own fields.
const KAFKA_OVERHEAD: usize = 1 << 10;

/// A record ready to be sent: all of it but the topics' names, in bytes that can be stored and sent
/// later by another process.
///
/// Version and topic (a byte each), partition, number of headers (a byte), key, the headers' names
/// and values, payload. Each text is preceded by its length; numbers are little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    bytes: Bytes,
}

/// The topic of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Events,
    Rejects,
}

/// The parts of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a, H> {
    pub(super) topic: Topic,
    pub(super) partition: Option<Partition>,
    pub(super) key: &'a str,
    pub(super) headers: H,
    pub(super) payload: &'a [u8],
}

impl Topic {
    fn name(self, settings: &KafkaSettings) -> &str {
        match self {
            Self::Events => &settings.events_topic,
            Self::Rejects => &settings.rejects_topic,
        }
    }
}

impl Prepared {
    /// Returns the bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// [`StreamError::UnknownFormat`]: [`Self::as_bytes`] of this version did not make the bytes.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, StreamError> {
        match parts(&bytes) {
            Some(_) => Ok(Self { bytes }),
            None => Err(StreamError::UnknownFormat),
        }
    }

    /// Encodes a record; returns nothing when it is too large.
    pub(super) fn new<'a>(
        parts: Parts<'_, impl IntoIterator<Item = (&'a str, &'a str)>>,
    ) -> Option<Self> {
        let Parts { topic, partition, key, headers, payload } = parts;
        let mut bytes = BytesMut::with_capacity(payload.len() + 256);
        bytes.put_u8(VERSION);
        bytes.put_u8(match topic {
            Topic::Events => 0,
            Topic::Rejects => 1,
        });
        bytes.put_u16_le(partition.map_or(ANY_PARTITION, Partition::get));
        let headers: Vec<_> = headers.into_iter().collect();
        bytes.put_u8(headers.len().try_into().ok()?);
        let texts = headers.into_iter().flat_map(|(name, value)| [name, value]);
        for text in [key].into_iter().chain(texts) {
            bytes.put_u32_le(text.len().try_into().ok()?);
            bytes.put_slice(text.as_bytes());
        }
        bytes.put_slice(payload);
        (bytes.len() + KAFKA_OVERHEAD <= MAX_RECORD_BYTES).then(|| Self { bytes: bytes.freeze() })
    }

    pub(super) fn send(
        &self,
        client: &Client,
        settings: &KafkaSettings,
        ticket: Box<Ticket>,
    ) -> Result<(), KafkaError> {
        let Some(parts) = parts(&self.bytes) else {
            // Both constructors rule this out.
            return Err(KafkaError::Canceled);
        };
        let headers = parts.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(*value) })
        });
        let mut record = BaseRecord::with_opaque_to(parts.topic.name(settings), ticket)
            .key(parts.key)
            .payload(parts.payload)
            .headers(headers);
        record.partition = parts.partition.map(coordinates::kafka_partition);
        client.send(record).map_err(|(error, _)| error)
    }
}

fn parts(bytes: &[u8]) -> Option<Parts<'_, Vec<(&str, &str)>>> {
    let ([version, topic, low, high, count], mut rest) = bytes.split_first_chunk()?;
    let topic = match (*version, *topic) {
        (VERSION, 0) => Topic::Events,
        (VERSION, 1) => Topic::Rejects,
        _ => return None,
    };
    let partition = u16::from_le_bytes([*low, *high]);
    let partition = (partition != ANY_PARTITION).then(|| Partition::new(partition));
    let key = text(&mut rest)?;
    let header = |_| Some((text(&mut rest)?, text(&mut rest)?));
    let headers = (0..*count).map(header).collect::<Option<_>>()?;
    Some(Parts { topic, partition, key, headers, payload: rest })
}

/// Takes the next text.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (length, after) = rest.split_first_chunk()?;
    let (text, after) = after.split_at_checked(u32::from_le_bytes(*length).try_into().ok()?)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: [(&str, &str); 2] = [("schema", "1"), ("reason", "größer als €")];

    fn example<'a>(payload: &'a [u8]) -> Parts<'a, Vec<(&'a str, &'a str)>> {
        let topic = Topic::Rejects;
        let partition = Some(Partition::new(7));
        Parts { topic, partition, key: "acme", headers: HEADERS.to_vec(), payload }
    }

    #[test]
    fn a_record_is_read_back_unchanged() {
        for (topic, partition) in [(Topic::Events, Some(Partition::new(0))), (Topic::Rejects, None)]
        {
            let given = || Parts { topic, partition, ..example(b"\0\xff bytes") };
            let prepared = Prepared::new(given()).unwrap();
            let stored = Bytes::copy_from_slice(prepared.as_bytes());
            let again = Prepared::from_bytes(stored).unwrap();
            assert_eq!(parts(&again.bytes), Some(given()));
        }
    }

    /// A later version of the program must read the records on disk.
    #[test]
    fn the_format_never_changes_between_versions() {
        let stored = b"\x01\x00\x02\x00\x01\x04\0\0\0acme\x06\0\0\0schema\x01\0\0\x001{}";
        let Prepared { bytes } = Prepared::from_bytes(stored.as_slice().into()).unwrap();
        let parts = parts(&bytes).unwrap();
        let expected = (Topic::Events, Some(Partition::new(2)), "acme");
        assert_eq!((parts.topic, parts.partition, parts.key), expected);
        assert_eq!((parts.headers, parts.payload), (vec![("schema", "1")], &b"{}"[..]));
    }

    #[test]
    fn cut_bytes_and_another_version_are_refused() {
        let bytes = Prepared::new(example(b"")).unwrap().bytes;
        for length in 0..bytes.len() {
            assert!(Prepared::from_bytes(bytes.slice(..length)).is_err(), "{length} bytes");
        }
        let mut later = bytes.to_vec();
        later[0] += 1;
        assert!(matches!(Prepared::from_bytes(later.into()), Err(StreamError::UnknownFormat)));
    }

    #[test]
    fn a_record_that_is_too_large_is_not_prepared() {
        assert!(
            Prepared::new(example(&vec![b'x'; MAX_RECORD_BYTES - 2 * KAFKA_OVERHEAD])).is_some()
        );
        assert!(Prepared::new(example(&vec![b'x'; MAX_RECORD_BYTES - KAFKA_OVERHEAD])).is_none());
    }
}
