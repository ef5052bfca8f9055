use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use rdkafka::{
    error::KafkaError,
    message::{Header, OwnedHeaders},
    producer::BaseRecord,
};

use super::client::{Client, Ticket};
use crate::{
    Partition,
    record::{RECEIVED_AT, SCHEMA, SCHEMA_VERSION, TRACEPARENT},
};

/// A record about to be handed over.
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a str,
    pub(super) key: &'a str,
    pub(super) partition: Option<Partition>,
    pub(super) payload: Cow<'a, [u8]>,
    pub(super) headers: OwnedHeaders,
}

impl Outgoing<'_> {
    pub(super) fn send(self, client: &Client, ticket: Box<Ticket>) -> Result<(), KafkaError> {
        let mut record = BaseRecord::with_opaque_to(self.topic, ticket)
            .key(self.key)
            .payload(self.payload.as_ref())
            .headers(self.headers);
        record.partition = self.partition.map(i32::from);
        client.send(record).map_err(|(error, _)| error)
    }
}

/// The headers of a record.
pub(super) fn headers<const N: usize>(
    received_at: DateTime<Utc>,
    traceparent: Option<&str>,
    more: [(&str, &str); N],
) -> OwnedHeaders {
    let received_at = received_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    [(SCHEMA, SCHEMA_VERSION), (RECEIVED_AT, received_at.as_str())]
        .into_iter()
        .chain(traceparent.map(|value| (TRACEPARENT, value)))
        .chain(more)
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header { key, value: Some(value) })
        })
}
