use std::time::Duration;

use stream::KafkaSettings;
use testkit::Platform;
use uuid::Uuid;

use super::Stored;
use crate::{
    Failure,
    clickhouse::{ClickHouse, Tables, all_merged},
    measure::{Meter, servers},
};

const QUEUE: &str = include_str!("../../queries/engine_queue.sql");
const VIEW: &str = include_str!("../../queries/engine_view.sql");

/// The database of the queue, the view and the table.
const DATABASE: &str = "bench_engine";

/// The numbers of consumers of which the better one counts.
const CONSUMERS: [u8; 2] = [1, 2];

/// The longest wait for all rows.
const TIMEOUT: Duration = Duration::from_secs(900);

/// ClickHouse's own Kafka engine, which promises at least once.
#[derive(Default)]
pub(crate) struct Engine {
    /// The number of consumers that was better in the first round.
    better: Option<u8>,
}

impl Engine {
    /// Reads the topic of a platform into a table of the same definition; the first time with each
    /// number of consumers.
    ///
    /// # Errors
    /// A server fails, or rows are missing.
    pub(crate) async fn store(
        &mut self,
        platform: &Platform,
        rows: u64,
    ) -> Result<Stored, Failure> {
        if let Some(better) = self.better {
            return store(platform, rows, better).await;
        }
        let [one, two] = CONSUMERS;
        let with_one = store(platform, rows, one).await?;
        let with_two = store(platform, rows, two).await?;
        let two_are_better = with_two.rate > with_one.rate;
        self.better = Some(if two_are_better { two } else { one });
        Ok(if two_are_better { with_two } else { with_one })
    }
}

async fn store(platform: &Platform, rows: u64, consumers: u8) -> Result<Stored, Failure> {
    let server = ClickHouse::of("shared");
    let kafka: KafkaSettings = platform.log();
    let remove = format!("DROP DATABASE IF EXISTS {DATABASE} SYNC");
    server.run(&remove).await?;
    server.run(format!("CREATE DATABASE {DATABASE}")).await?;
    server.run(format!("CREATE TABLE {DATABASE}.events AS footfall_shared.events")).await?;
    let queue = QUEUE
        .replace("@BROKERS@", &kafka.brokers)
        .replace("@TOPIC@", &kafka.events_topic)
        .replace("@GROUP@", &format!("bench-{}", Uuid::now_v7()))
        .replace("@CONSUMERS@", &consumers.to_string());
    server.run(queue).await?;
    all_merged().await?;
    let tables = Tables::one(&server, DATABASE).await?;
    let meter = Meter::start(servers());
    server.run(VIEW).await?;
    let rate = tables.rate_until(rows, TIMEOUT).await?;
    // Stops the consumers.
    server.run(format!("DROP TABLE {DATABASE}.view SYNC")).await?;
    all_merged().await?;
    let cpu = meter.read();
    server.run(remove).await?;
    Ok(Stored { rows, rate, cpu, memory: f64::NAN })
}
