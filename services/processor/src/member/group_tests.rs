//! Records of a topic that is recreated while its partition is being processed, on a real Kafka.

use std::sync::{Mutex, PoisonError};

use stream::Entry;

use super::*;
use crate::{
    history::History,
    member::Gather,
    test_log::{TestLog, publish, recreate},
};

const PARTITION: Partition = Partition::new(0);

/// How many records a log has.
const RECORDS: usize = 10;

impl TestLog {
    /// A log with some records.
    async fn with_records() -> Self {
        let log = Self::new().await;
        publish(&log.kafka, RECORDS).await;
        log
    }

    /// Runs a worker on the partition from its beginning; the log holds `held` of it.
    async fn work(&self, recorder: Recorder, held: Range<u64>) -> Result<(), ProcessorError> {
        let held = held.start.into()..held.end.into();
        let recorder = Arc::new(recorder);
        let (starts, mut wanted) = mpsc::channel::<Start>(1);
        let consumer = async {
            let start = wanted.recv().await.unwrap();
            assert_eq!(start.offset, held.start);
            drop(start.answer.send(self.reader.read_range(PARTITION, held)));
        };
        let worker = Arc::clone(&recorder);
        let current = self.current.clone();
        let (worked, ()) = tokio::join!(
            work(Group::Store, worker, current, PARTITION, starts, CancellationToken::new()),
            consumer
        );
        let processed = recorder.processed.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(processed.is_empty(), "records of another log: {processed:?}");
        worked
    }
}

/// Deletes the topic and creates it again, with as many records.
async fn replace(kafka: &KafkaSettings) {
    recreate(kafka).await;
    publish(kafka, RECORDS).await;
}

/// Records the offsets that it processes.
#[derive(Default)]
struct Recorder {
    history: Option<History>,
    /// Recreated just before the worker reads its first record.
    topic: Option<KafkaSettings>,
    processed: Mutex<Vec<Offset>>,
}

impl Worker for Recorder {
    type State = ();

    async fn gather(&self, (): &mut ()) -> Gather {
        // All records: when a stream ends, records gathered before are dropped.
        Gather { limit: RECORDS, weight: usize::MAX, wait: Duration::ZERO }
    }

    fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    async fn take(&self, _: Partition) -> Result<((), Offset), ProcessorError> {
        Ok(((), Offset::ZERO))
    }

    async fn begin(&self, (): &mut ()) -> Result<(), ProcessorError> {
        if let Some(kafka) = &self.topic {
            replace(kafka).await;
        }
        Ok(())
    }

    async fn process(&self, (): &mut (), entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let mut processed = self.processed.lock().unwrap_or_else(PoisonError::into_inner);
        processed.extend(entries.iter().map(Entry::offset));
        Ok(())
    }

    async fn on_quiet(&self, (): &mut ()) -> Result<(), ProcessorError> {
        Ok(())
    }
}

#[tokio::test]
async fn records_of_a_recreated_topic_are_not_processed() {
    let log = TestLog::with_records().await;
    replace(&log.kafka).await;
    let worked = log.work(Recorder::default(), 0..10).await;
    assert!(matches!(worked, Err(ProcessorError::Retake(_))), "{worked:?}");
}

#[tokio::test]
async fn expired_records_are_not_read_from_a_recreated_topic() {
    let log = TestLog::with_records().await;
    log.expire_before(8).await;
    let history = Some(log.history(Group::Store));
    let topic = Some(log.kafka.clone());
    let recorder = Recorder { history, topic, ..Recorder::default() };
    let worked = log.work(recorder, 8..10).await;
    assert!(matches!(worked, Err(ProcessorError::Retake(_))), "{worked:?}");
}
