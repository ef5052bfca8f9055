use bytes::{BufMut, Bytes, BytesMut};
use rdkafka::{
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::BaseRecord,
};

use super::client::{Client, Ticket};
use crate::{KafkaSettings, Partition, StreamError, kafka_settings::MAX_RECORD_BYTES};

/// The version of the form below. A record of another one is refused.
const VERSION: u8 = 1;

/// Stands for a partition that Kafka is to choose.
const ANY_PARTITION: u16 = u16::MAX;

/// What is left of [`MAX_RECORD_BYTES`] for what Kafka puts around a record.
const KAFKA_OVERHEAD: usize = 1 << 10;

/// A record as it will be sent: all of it but the topics' names, in bytes that can be kept and sent
/// at another time, by another process.
///
/// Version and topic (a byte each), partition, number of headers (a byte), key, the headers' names
/// and values, payload. A text has its length before it; numbers are little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    bytes: Bytes,
}

/// Which topic a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Events,
    Rejects,
}

/// A record, taken apart.
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
    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A record that was kept.
    ///
    /// # Errors
    /// [`StreamError::UnknownForm`] when it was not made by [`Self::as_bytes`] of this version.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, StreamError> {
        match parts(&bytes) {
            Some(_) => Ok(Self { bytes }),
            None => Err(StreamError::UnknownForm),
        }
    }

    /// Nothing when it is more than a record may hold.
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
        bytes.put_u16_le(partition.unwrap_or(ANY_PARTITION));
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
            // Both ways to make one have ruled it out.
            return Err(KafkaError::Canceled);
        };
        let headers = parts.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(*value) })
        });
        let mut record = BaseRecord::with_opaque_to(parts.topic.name(settings), ticket)
            .key(parts.key)
            .payload(parts.payload)
            .headers(headers);
        record.partition = parts.partition.map(i32::from);
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
    let partition = (partition != ANY_PARTITION).then_some(partition);
    let key = text(&mut rest)?;
    let header = |_| Some((text(&mut rest)?, text(&mut rest)?));
    let headers = (0..*count).map(header).collect::<Option<_>>()?;
    Some(Parts { topic, partition, key, headers, payload: rest })
}

/// Takes the next text off.
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
        let (topic, partition) = (Topic::Rejects, Some(7));
        Parts { topic, partition, key: "acme", headers: HEADERS.to_vec(), payload }
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        for (topic, partition) in [(Topic::Events, Some(0)), (Topic::Rejects, None)] {
            let given = || Parts { topic, partition, ..example(b"\0\xff bytes") };
            let prepared = Prepared::new(given()).unwrap();
            let kept = Bytes::copy_from_slice(prepared.as_bytes());
            let again = Prepared::from_bytes(kept).unwrap();
            assert_eq!(parts(&again.bytes), Some(given()));
        }
    }

    /// What is on disk outlives the program that wrote it.
    #[test]
    fn the_form_never_changes_between_versions() {
        let kept = b"\x01\x00\x02\x00\x01\x04\0\0\0acme\x06\0\0\0schema\x01\0\0\x001{}";
        let Prepared { bytes } = Prepared::from_bytes(kept.as_slice().into()).unwrap();
        let parts = parts(&bytes).unwrap();
        assert_eq!((parts.topic, parts.partition, parts.key), (Topic::Events, Some(2), "acme"));
        assert_eq!((parts.headers, parts.payload), (vec![("schema", "1")], &b"{}"[..]));
    }

    #[test]
    fn what_is_cut_or_of_another_version_is_refused() {
        let bytes = Prepared::new(example(b"")).unwrap().bytes;
        for length in 0..bytes.len() {
            assert!(Prepared::from_bytes(bytes.slice(..length)).is_err(), "{length} bytes");
        }
        let mut later = bytes.to_vec();
        later[0] += 1;
        assert!(matches!(Prepared::from_bytes(later.into()), Err(StreamError::UnknownForm)));
    }

    #[test]
    fn what_no_record_can_hold_is_not_prepared() {
        assert!(
            Prepared::new(example(&vec![b'x'; MAX_RECORD_BYTES - 2 * KAFKA_OVERHEAD])).is_some()
        );
        assert!(Prepared::new(example(&vec![b'x'; MAX_RECORD_BYTES - KAFKA_OVERHEAD])).is_none());
    }
}
