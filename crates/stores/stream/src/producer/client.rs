use std::{error::Error, sync::Arc, thread, time::Duration};

use super::{PublishOutcome, reports::Ticket};
use crate::{
    KafkaSettings, StreamError, coordinates, driver_log::DriverLog,
    kafka_settings::MAX_RECORD_BYTES, login::Login,
};
use rdkafka::{
    ClientContext,
    client::OAuthToken,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::Message,
    producer::{BaseProducer, BaseRecord, DeliveryResult, Producer as _, ProducerContext},
};

/// How long sending a record is tried. No caller waits longer; after it, a record whose outcome was
/// unknown is no longer sent.
pub(super) const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the thread waits for an acknowledgement before it checks whether it should end. The
/// driver spins in the last millisecond of a wait, so a short one costs a part of a core at rest.
const POLL: Duration = Duration::from_secs(1);

/// librdkafka's producer, with a thread that reports the acknowledgements.
pub(super) struct Client {
    producer: Arc<BaseProducer<Acknowledge>>,
}

impl Client {
    /// Passes a record on to the driver, which copies it.
    pub(super) fn send(
        &self,
        record: BaseRecord<'_, str, [u8], Box<Ticket>>,
    ) -> Result<(), KafkaError> {
        self.producer.send(record).map_err(|(error, _)| error)
    }

    /// Returns the error after which the driver accepts no more records.
    pub(super) fn fatal_error(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.producer.client().fatal_error()
    }

    /// Returns how many records are not acknowledged yet.
    pub(super) fn unacknowledged(&self) -> usize {
        self.producer.in_flight_count().try_into().unwrap_or_default()
    }

    /// Asks the brokers for a topic. Blocks.
    pub(super) fn check(&self, topic: &str, within: Duration) -> Result<(), KafkaError> {
        self.producer.client().fetch_metadata(Some(topic), within).map(drop)
    }
}

/// Creates a client, which connects in the background. Its thread ends within a second of the
/// client's drop.
pub(super) fn connect(settings: &KafkaSettings) -> Result<Client, StreamError> {
    let producer = Arc::new(driver(settings)?);
    let polled = Arc::downgrade(&producer);
    thread::Builder::new()
        .name("acknowledgements".to_owned())
        .spawn(move || {
            while let Some(producer) = polled.upgrade() {
                producer.poll(POLL);
            }
        })
        .map_err(|error| StreamError::Thread(Box::new(error)))?;
    Ok(Client { producer })
}

fn driver(settings: &KafkaSettings) -> Result<BaseProducer<Acknowledge>, StreamError> {
    settings
        .client()
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("max.in.flight.requests.per.connection", "5")
        .set("delivery.timeout.ms", DELIVERY_TIMEOUT.as_millis().to_string())
        .set("linger.ms", "5")
        .set("compression.type", "lz4")
        .set("message.max.bytes", MAX_RECORD_BYTES.to_string())
        .set("queue.buffering.max.messages", "100000")
        .set("queue.buffering.max.kbytes", "262144")
        .set("partitioner", "murmur2_random")
        .create_with_context(Acknowledge { login: settings.login() })
        .map_err(StreamError::kafka("create a producer"))
}

/// Reports the outcome of each record by its ticket.
pub(super) struct Acknowledge {
    login: Login,
}

impl ClientContext for Acknowledge {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        DriverLog.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        DriverLog.error(error, reason);
    }

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.login.token().map_err(|error| -> Box<dyn Error> { error })
    }
}

impl ProducerContext for Acknowledge {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        ticket.report(match result {
            Ok(message) => published(message.partition(), message.offset()),
            Err((error, _)) => failed(error),
        });
    }
}

fn published(partition: i32, offset: i64) -> PublishOutcome {
    match (coordinates::partition(partition), coordinates::offset(offset)) {
        (Some(partition), Some(offset)) => PublishOutcome::Published { partition, offset },
        _ => PublishOutcome::Failed { retriable: true },
    }
}

/// Returns the outcome of a record that was not accepted.
pub(super) fn failed(error: &KafkaError) -> PublishOutcome {
    let permanent = matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::MessageSizeTooLarge
                | RDKafkaErrorCode::InvalidMessage
                | RDKafkaErrorCode::InvalidRecord
        )
    );
    PublishOutcome::Failed { retriable: !permanent }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{
        super::{
            prepared::{Preface, Prepared, Topic},
            reports::Reports,
        },
        *,
    };

    #[tokio::test]
    async fn an_unacknowledged_record_fails_after_the_delivery_timeout() {
        let settings = KafkaSettings {
            brokers: "127.0.0.1:1".to_owned(),
            events_topic: "events".to_owned(),
            rejects_topic: "rejects".to_owned(),
            parked_topic: "parked".to_owned(),
            partitions: 1,
            replication: 1,
            security_protocol: Default::default(),
            sasl: Default::default(),
            tls: Default::default(),
        };
        let client = connect(&settings).unwrap();
        let preface = Arc::new(Preface::new("acme", [("schema", "1")]));
        let payload = Bytes::from_static(b"{}");
        let record = Prepared::new(Topic::Events, None, &preface, payload).unwrap();
        let reports = Reports::new(vec![PublishOutcome::Failed { retriable: false }]);
        record.send(&client, &settings, reports.ticket(0)).unwrap();
        // librdkafka checks once a second which records have timed out; by default, they do after five minutes.
        let end = DELIVERY_TIMEOUT + Duration::from_secs(30);
        let outcomes = reports.outcomes(tokio::time::Instant::now() + end).await;
        assert_eq!(outcomes, [PublishOutcome::Failed { retriable: true }]);
    }
}
