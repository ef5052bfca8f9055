use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use control_plane::Ledger;
use log::Generation;
use stream::{KafkaSettings, LogReader, StreamError, TopicId, ensure_topics};
use tokio::{sync::Mutex, time::Instant};

use crate::{ProcessorError, retry::until_ok};

/// The generation of the log that is worked on. Cloning shares it.
///
/// A recreated topic has offsets of its own, and a consumer may not notice: where the new log is
/// longer than the old one, the consumer simply goes on in it.
#[derive(Clone)]
pub(crate) struct CurrentGeneration {
    shared: Arc<Shared>,
}

struct Shared {
    kafka: KafkaSettings,
    ledger: Ledger,
    reader: LogReader,
    generation: AtomicU16,
    topic: Mutex<Topic>,
}

/// What the brokers last answered about the topic.
struct Topic {
    id: TopicId,
    /// When they were asked.
    confirmed_at: Instant,
}

impl CurrentGeneration {
    /// Asks the brokers and the ledger for the generation of the log.
    pub(crate) async fn find(
        kafka: &KafkaSettings,
        ledger: &Ledger,
        reader: &LogReader,
    ) -> Result<Self, ProcessorError> {
        let (generation, topic) = find(kafka, ledger, reader).await?;
        let shared = Shared {
            kafka: kafka.clone(),
            ledger: ledger.clone(),
            reader: reader.clone(),
            generation: AtomicU16::new(generation.get()),
            topic: Mutex::new(topic),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The generation that was found last.
    pub(crate) fn get(&self) -> Generation {
        self.shared.generation.load(Ordering::Acquire).into()
    }

    /// Finds the generation again. Called between two memberships, while no worker runs.
    pub(crate) async fn renew(&self) -> Result<(), ProcessorError> {
        let mut topic = self.shared.topic.lock().await;
        let Shared { kafka, ledger, reader, .. } = &*self.shared;
        let (generation, found) = find(kafka, ledger, reader).await?;
        let before = self.shared.generation.swap(generation.get(), Ordering::AcqRel);
        if before != generation.get() {
            let topic = reader.topic();
            tracing::warn!(topic, before, %generation, "the topic was recreated");
        }
        *topic = found;
        Ok(())
    }

    /// Confirms that every record read before this call is of this generation. Workers that wait
    /// share one request.
    ///
    /// # Errors
    /// [`ProcessorError::Retake`] if the topic was recreated.
    pub(crate) async fn confirm(&self) -> Result<(), ProcessorError> {
        let read_at = Instant::now();
        let mut topic = self.shared.topic.lock().await;
        if topic.confirmed_at >= read_at {
            return Ok(());
        }
        let reader = &self.shared.reader;
        let answer = async || {
            let asked_at = Instant::now();
            Ok::<_, StreamError>((asked_at, reader.topic_id().await?))
        };
        let (asked_at, id) = until_ok("ask for the id of the topic", answer).await;
        if id != topic.id {
            return Err(ProcessorError::Retake("the topic was recreated"));
        }
        topic.confirmed_at = asked_at;
        Ok(())
    }
}

/// The generation of the log that `reader` reads.
async fn find(
    kafka: &KafkaSettings,
    ledger: &Ledger,
    reader: &LogReader,
) -> Result<(Generation, Topic), ProcessorError> {
    let confirmed_at = Instant::now();
    let topics = ensure_topics(kafka).await?;
    let is_rejects = reader.topic() == kafka.rejects_topic;
    let id = if is_rejects { topics.rejects } else { topics.events };
    let generation =
        ledger.generation(reader.topic(), &id.to_string(), reader.partitions()).await?;
    Ok((generation, Topic { id, confirmed_at }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_log::{TestLog, recreate};

    #[tokio::test]
    async fn a_recreated_topic_is_noticed_even_if_its_reader_goes_on() {
        let log = TestLog::new().await;
        let current = &log.current;
        current.confirm().await.unwrap();
        current.confirm().await.unwrap();

        recreate(&log.kafka).await;
        for _ in 0..2 {
            assert!(matches!(current.confirm().await, Err(ProcessorError::Retake(_))));
        }
        assert_eq!(current.get(), Generation::new(1));
        current.renew().await.unwrap();
        current.confirm().await.unwrap();
        assert_eq!(current.get(), Generation::new(2));
    }
}
