use std::{borrow::Cow, sync::Arc};

use bytes::{BufMut, Bytes};
use log::Partition;
use rdkafka::{
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::BaseRecord,
};

use super::{client::Client, reports::Ticket};
use crate::{KafkaSettings, StreamError, coordinates, kafka_settings::MAX_RECORD_BYTES};

/// The version of the format below. Bytes of another version are refused.
const VERSION: u8 = 1;

/// Means that Kafka chooses the partition.
const ANY_PARTITION: u16 = u16::MAX;

/// The size of version, topic, partition and number of headers.
const FIXED_SIZE: usize = 5;

/// The part of [`MAX_RECORD_BYTES`] that is reserved for Kafka's own fields.
const KAFKA_OVERHEAD: usize = 1 << 10;

/// A record ready to be sent: all of it but the topics' names. It can be stored and sent later by
/// another process.
///
/// Cloning shares its parts; the records of a request share key, headers and one buffer.
#[derive(Clone, Debug)]
pub struct Prepared {
    topic: Topic,
    partition: Option<Partition>,
    preface: Arc<Preface>,
    payload: Bytes,
}

/// The key and the headers of a record.
#[derive(Debug)]
pub(super) struct Preface {
    key: Box<str>,
    headers: Vec<(Cow<'static, str>, Box<str>)>,
    /// The headers in the form that librdkafka takes over: each record gets a copy.
    native: OwnedHeaders,
}

/// The topic of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    Events,
    Rejects,
    Parked,
}

impl Topic {
    fn name(self, settings: &KafkaSettings) -> &str {
        match self {
            Self::Events => &settings.events_topic,
            Self::Rejects => &settings.rejects_topic,
            Self::Parked => &settings.parked_topic,
        }
    }
}

impl Preface {
    pub(super) fn new<'a>(
        key: &str,
        headers: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, &'a str)>,
    ) -> Self {
        let headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (name.into(), Box::<str>::from(value)))
            .collect();
        let native = headers.iter().fold(OwnedHeaders::new(), |native, (name, value)| {
            native.insert(Header { key: name, value: Some(&**value) })
        });
        Self { key: key.into(), headers, native }
    }

    /// Returns the texts in the order in which they are stored.
    fn texts(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().flat_map(|(name, value)| [&**name, &**value]);
        [&*self.key].into_iter().chain(headers)
    }
}

impl Prepared {
    /// Creates a record; nothing if it is too large.
    pub(super) fn new(
        topic: Topic,
        partition: Option<Partition>,
        preface: &Arc<Preface>,
        payload: Bytes,
    ) -> Option<Self> {
        let prepared = Self { topic, partition, preface: Arc::clone(preface), payload };
        (prepared.stored_size() + KAFKA_OVERHEAD <= MAX_RECORD_BYTES).then_some(prepared)
    }

    /// Returns the bytes to store.
    ///
    /// Version and topic (a byte each), partition, number of headers (a byte), key, the headers'
    /// names and values, payload. Each text is preceded by its length; numbers are little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.stored_size());
        bytes.put_u8(VERSION);
        bytes.put_u8(match self.topic {
            Topic::Events => 0,
            Topic::Rejects => 1,
            Topic::Parked => 2,
        });
        bytes.put_u16_le(self.partition.map_or(ANY_PARTITION, Partition::get));
        // This crate writes at most ten headers, and no text of 4 GiB fits into a record.
        bytes.put_u8(self.preface.headers.len().try_into().unwrap_or(u8::MAX));
        for text in self.preface.texts() {
            bytes.put_u32_le(text.len().try_into().unwrap_or(u32::MAX));
            bytes.put_slice(text.as_bytes());
        }
        bytes.put_slice(&self.payload);
        bytes
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// [`StreamError::UnknownFormat`]: [`Self::to_bytes`] of this version did not make the bytes.
    pub fn from_bytes(bytes: Bytes) -> Result<Self, StreamError> {
        read(&bytes).ok_or(StreamError::UnknownFormat)
    }

    /// Hands the record to librdkafka, which copies it.
    pub(super) fn send(
        &self,
        client: &Client,
        settings: &KafkaSettings,
        ticket: Box<Ticket>,
    ) -> Result<(), KafkaError> {
        let mut record = BaseRecord::with_opaque_to(self.topic.name(settings), ticket)
            .key(&*self.preface.key)
            .payload(&*self.payload)
            .headers(self.preface.native.clone());
        record.partition = self.partition.map(coordinates::kafka_partition);
        client.send(record)
    }

    fn stored_size(&self) -> usize {
        let texts: usize = self.preface.texts().map(|text| size_of::<u32>() + text.len()).sum();
        FIXED_SIZE + texts + self.payload.len()
    }
}

fn read(bytes: &Bytes) -> Option<Prepared> {
    let ([version, topic, low, high, count], mut rest) = bytes.split_first_chunk::<FIXED_SIZE>()?;
    let topic = match (*version, *topic) {
        (VERSION, 0) => Topic::Events,
        (VERSION, 1) => Topic::Rejects,
        (VERSION, 2) => Topic::Parked,
        _ => return None,
    };
    let partition = u16::from_le_bytes([*low, *high]);
    let partition = (partition != ANY_PARTITION).then(|| Partition::new(partition));
    let key = text(&mut rest)?;
    let header = |_| Some((text(&mut rest)?.to_owned(), text(&mut rest)?));
    let headers = (0..*count).map(header).collect::<Option<Vec<_>>>()?;
    let preface = Arc::new(Preface::new(key, headers));
    Some(Prepared { topic, partition, preface, payload: bytes.slice_ref(rest) })
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
    use rdkafka::message::Headers as _;

    use super::*;

    fn example(topic: Topic, partition: Option<u16>, payload: &'static [u8]) -> Option<Prepared> {
        let preface = Preface::new("acme", [("schema", "1"), ("reason", "größer als €")]);
        let partition = partition.map(Partition::new);
        Prepared::new(topic, partition, &Arc::new(preface), Bytes::from_static(payload))
    }

    /// Returns the headers as librdkafka will send them.
    fn sent(record: &Prepared) -> Vec<(&str, &str)> {
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let headers = record.preface.native.iter();
        headers.map(|header| (header.key, header.value.map(text).unwrap())).collect()
    }

    #[test]
    fn a_record_is_read_back_unchanged() {
        for (topic, partition) in [(Topic::Events, Some(0)), (Topic::Rejects, None)] {
            let given = example(topic, partition, b"\0\xff bytes").unwrap();
            let again = Prepared::from_bytes(given.to_bytes().into()).unwrap();
            assert_eq!((again.topic, again.partition), (topic, given.partition));
            assert_eq!(&*again.preface.key, "acme");
            assert_eq!(sent(&again), [("schema", "1"), ("reason", "größer als €")]);
            assert_eq!(again.payload, given.payload);
            assert_eq!(again.to_bytes(), given.to_bytes());
        }
    }

    /// A later version of the program must read the records on disk.
    #[test]
    fn the_format_never_changes_between_versions() {
        let stored = b"\x01\x00\x02\x00\x01\x04\0\0\0acme\x06\0\0\0schema\x01\0\0\x001{}";
        let record = Prepared::from_bytes(stored.as_slice().into()).unwrap();
        let expected = (Topic::Events, Some(Partition::new(2)), "acme");
        assert_eq!((record.topic, record.partition, &*record.preface.key), expected);
        assert_eq!((sent(&record), &*record.payload), (vec![("schema", "1")], &b"{}"[..]));
        assert_eq!(record.to_bytes(), stored);
    }

    #[test]
    fn cut_bytes_and_another_version_are_refused() {
        let bytes = Bytes::from(example(Topic::Rejects, Some(7), b"").unwrap().to_bytes());
        for length in 0..bytes.len() {
            assert!(Prepared::from_bytes(bytes.slice(..length)).is_err(), "{length} bytes");
        }
        let mut later = bytes.to_vec();
        later[0] += 1;
        assert!(matches!(Prepared::from_bytes(later.into()), Err(StreamError::UnknownFormat)));
    }

    #[test]
    fn a_record_that_is_too_large_is_not_prepared() {
        static ZEROS: [u8; MAX_RECORD_BYTES] = [0; MAX_RECORD_BYTES];
        let of_size = |size| example(Topic::Rejects, None, &ZEROS[..size]);
        assert!(of_size(MAX_RECORD_BYTES - 2 * KAFKA_OVERHEAD).is_some());
        assert!(of_size(MAX_RECORD_BYTES - KAFKA_OVERHEAD).is_none());
    }
}
