use std::sync::{
    Arc,
    atomic::{AtomicU16, Ordering},
};

use control_plane::Ledger;
use stream::{KafkaSettings, LogReader, TopicId, ensure_topics};
use tokio::{sync::Mutex, time::Instant};

use crate::{ProcessorError, retry::Pauses};

/// Which generation of the log is worked on. Cloning shares it.
///
/// A topic that was made anew has offsets of its own, and what reads it may not notice: where the
/// new log is the longer one, it simply goes on in it.
#[derive(Clone)]
pub(crate) struct Generation {
    shared: Arc<Shared>,
}

struct Shared {
    kafka: KafkaSettings,
    ledger: Ledger,
    reader: LogReader,
    kgen: AtomicU16,
    topic: Mutex<Topic>,
}

/// What is known of the topic.
struct Topic {
    id: TopicId,
    /// When the brokers were last asked and said so.
    confirmed_at: Instant,
}

impl Generation {
    /// The generation of the log as it is now.
    pub(crate) async fn find(
        kafka: &KafkaSettings,
        ledger: &Ledger,
        reader: &LogReader,
    ) -> Result<Self, ProcessorError> {
        let (kgen, topic) = find(kafka, ledger, reader).await?;
        let shared = Shared {
            kafka: kafka.clone(),
            ledger: ledger.clone(),
            reader: reader.clone(),
            kgen: AtomicU16::new(kgen),
            topic: Mutex::new(topic),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Its number.
    pub(crate) fn kgen(&self) -> u16 {
        self.shared.kgen.load(Ordering::Acquire)
    }

    /// Finds out anew, between two memberships: nobody works on any partition.
    pub(crate) async fn renew(&self) -> Result<(), ProcessorError> {
        let mut topic = self.shared.topic.lock().await;
        let Shared { kafka, ledger, reader, .. } = &*self.shared;
        let (kgen, found) = find(kafka, ledger, reader).await?;
        let before = self.shared.kgen.swap(kgen, Ordering::AcqRel);
        if before != kgen {
            let topic = reader.topic();
            tracing::warn!(topic, before, kgen, "the topic was made anew");
        }
        *topic = found;
        Ok(())
    }

    /// Makes sure that all that was read by now is of this generation. One question serves all who
    /// wait for it.
    pub(crate) async fn confirm(&self) -> Result<(), ProcessorError> {
        let read_at = Instant::now();
        let mut topic = self.shared.topic.lock().await;
        let mut pauses = Pauses::new("ask which topic this is");
        while topic.confirmed_at < read_at {
            let asked_at = Instant::now();
            match self.shared.reader.topic_id().await {
                Ok(id) if id == topic.id => topic.confirmed_at = asked_at,
                Ok(_) => return Err(ProcessorError::Retake("the topic was made anew")),
                Err(error) => pauses.wait(&error).await,
            }
        }
        Ok(())
    }
}

/// The generation of the log that `reader` reads.
async fn find(
    kafka: &KafkaSettings,
    ledger: &Ledger,
    reader: &LogReader,
) -> Result<(u16, Topic), ProcessorError> {
    let confirmed_at = Instant::now();
    let topics = ensure_topics(kafka).await?;
    let is_rejects = reader.topic() == kafka.rejects_topic;
    let id = if is_rejects { topics.rejects } else { topics.events };
    let kgen = ledger.generation(reader.topic(), &id.to_string(), reader.partitions()).await?;
    Ok((kgen, Topic { id, confirmed_at }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use control_plane::ControlPlane;
    use stream::delete_topics;
    use tenancy::TenantRouter;
    use testkit::{Database, eventually};

    use super::*;

    #[tokio::test]
    async fn a_topic_made_anew_is_noticed_whatever_its_reader_says() {
        let database = Database::create().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let ledger = control_plane.ledger();
        let kafka: KafkaSettings = testkit::log(1);
        let router = TenantRouter::new(Arc::new(control_plane));
        let reader = LogReader::new(&kafka, router).unwrap();
        let generation = Generation::find(&kafka, &ledger, &reader).await.unwrap();
        generation.confirm().await.unwrap();
        generation.confirm().await.unwrap();

        let before = reader.topic_id().await.unwrap();
        delete_topics(&kafka).await.unwrap();
        eventually("the topic is made anew", async || {
            (ensure_topics(&kafka).await.ok()?.events != before).then_some(())
        })
        .await;
        for _ in 0..2 {
            assert!(matches!(generation.confirm().await, Err(ProcessorError::Retake(_))));
        }
        assert_eq!(generation.kgen(), 1);
        generation.renew().await.unwrap();
        generation.confirm().await.unwrap();
        assert_eq!(generation.kgen(), 2);
        delete_topics(&kafka).await.unwrap();
    }
}
