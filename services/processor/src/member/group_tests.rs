//! What becomes of records of a topic that was made anew while its partition was worked on, on a
//! real Kafka.

use std::sync::{Mutex, PoisonError};

use archive::Archive;
use control_plane::{ControlPlane, Ledger};
use rdkafka::{
    ClientConfig, Offset as KafkaOffset, TopicPartitionList,
    admin::{AdminClient, AdminOptions},
    client::DefaultClientContext,
    producer::{FutureProducer, FutureRecord},
};
use stream::{Entry, LogReader, delete_topics, ensure_topics};
use tempfile::TempDir;
use testkit::Database;
use tokio::time::sleep;

use super::*;
use crate::{history::History, member::Gather};

/// How many records a log has.
const RECORDS: usize = 10;

/// A log with one partition and some records.
struct Log {
    kafka: KafkaSettings,
    ledger: Ledger,
    router: TenantRouter,
    generation: Generation,
    folder: TempDir,
    _database: Database,
}

impl Log {
    async fn new() -> Self {
        let database = Database::create().await;
        let control_plane = ControlPlane::connect(&database.settings()).await.unwrap();
        control_plane.migrate().await.unwrap();
        let kafka: KafkaSettings = testkit::log(1);
        ensure_topics(&kafka).await.unwrap();
        let ledger = control_plane.ledger();
        let router = TenantRouter::new(Arc::new(control_plane));
        let reader = LogReader::new(&kafka, router.clone()).unwrap();
        let generation = Generation::find(&kafka, &ledger, &reader).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let log = Self { kafka, ledger, router, generation, folder, _database: database };
        publish(&log.kafka).await;
        log
    }

    fn reader(&self) -> LogReader {
        LogReader::new(&self.kafka, self.router.clone()).unwrap()
    }

    fn history(&self) -> History {
        let archive = Archive::new(&testkit::archive_in(self.folder.path()));
        History::new(
            Sink::Store,
            self.generation.clone(),
            self.reader(),
            self.ledger.clone(),
            archive.unwrap(),
            self.router.clone(),
        )
    }

    /// As retention does.
    async fn forget_before(&self, offset: i64) {
        let admin: AdminClient<DefaultClientContext> = client(&self.kafka).create().unwrap();
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.kafka.events_topic, 0, KafkaOffset::Offset(offset))
            .unwrap();
        admin.delete_records(&list, &AdminOptions::new()).await.unwrap();
    }

    /// Has a worker take the partition from its beginning, which reads `held` of it.
    async fn work(&self, recorder: Recorder, held: Range<Offset>) -> Result<(), ProcessorError> {
        let recorder = Arc::new(recorder);
        let (starts, mut wanted) = mpsc::channel::<Start>(1);
        let consumer = async {
            let start = wanted.recv().await.unwrap();
            assert_eq!(start.offset, held.start);
            drop(start.answer.send(self.reader().read_range(0, held)));
        };
        let (worker, generation) = (Arc::clone(&recorder), self.generation.clone());
        let (worked, ()) =
            tokio::join!(work(worker, generation, 0, starts, CancellationToken::new()), consumer);
        let processed = recorder.processed.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(processed.is_empty(), "records of another log: {processed:?}");
        worked
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let kafka = self.kafka.clone();
        std::thread::spawn(move || delete(&kafka)).join().unwrap();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn delete(kafka: &KafkaSettings) {
    delete_topics(kafka).await.unwrap();
}

fn client(kafka: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &kafka.brokers);
    config
}

async fn publish(kafka: &KafkaSettings) {
    let producer: FutureProducer = client(kafka).create().unwrap();
    for number in 0..RECORDS {
        let payload = format!("record {number}");
        let record = FutureRecord::<str, _>::to(&kafka.events_topic).payload(&payload);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }
}

/// Deletes the topic and makes it anew, with as many records.
async fn make_anew(kafka: &KafkaSettings) {
    let before = ensure_topics(kafka).await.unwrap().events;
    delete_topics(kafka).await.unwrap();
    while !ensure_topics(kafka).await.is_ok_and(|made| made.events != before) {
        sleep(Duration::from_millis(100)).await;
    }
    publish(kafka).await;
}

/// Notes what it is given.
#[derive(Default)]
struct Recorder {
    history: Option<History>,
    /// Made anew just before the worker reads its first record.
    topic: Option<KafkaSettings>,
    processed: Mutex<Vec<Offset>>,
}

impl Worker for Recorder {
    type Claim = ();

    fn gather(&self, (): &()) -> Gather {
        // All that there is: of a stream that ends, what was gathered before is dropped.
        Gather { limit: RECORDS, weight: usize::MAX, wait: Duration::ZERO }
    }

    fn history(&self) -> Option<&History> {
        self.history.as_ref()
    }

    async fn claim(&self, _: Partition) -> Result<((), Offset), ProcessorError> {
        Ok(((), 0))
    }

    async fn begin(&self, (): &mut ()) -> Result<(), ProcessorError> {
        if let Some(kafka) = &self.topic {
            make_anew(kafka).await;
        }
        Ok(())
    }

    async fn process(&self, (): &mut (), entries: Vec<Entry>) -> Result<(), ProcessorError> {
        let mut processed = self.processed.lock().unwrap_or_else(PoisonError::into_inner);
        processed.extend(entries.iter().map(Entry::offset));
        Ok(())
    }

    async fn idle(&self, (): &mut ()) -> Result<(), ProcessorError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_stream_that_goes_on_in_a_topic_made_anew_is_not_processed() {
    let log = Log::new().await;
    make_anew(&log.kafka).await;
    let worked = log.work(Recorder::default(), 0..10).await;
    assert!(matches!(worked, Err(ProcessorError::Retake(_))), "{worked:?}");
}

#[tokio::test]
async fn what_had_left_the_log_is_not_taken_from_a_topic_made_anew() {
    let log = Log::new().await;
    log.forget_before(8).await;
    let (history, topic) = (Some(log.history()), Some(log.kafka.clone()));
    let recorder = Recorder { history, topic, ..Recorder::default() };
    let worked = log.work(recorder, 8..10).await;
    assert!(matches!(worked, Err(ProcessorError::Retake(_))), "{worked:?}");
}
