//! Kills: `kill -9` at random moments, and a restart.

use std::time::Duration;

use rand::{Rng, rngs::StdRng};
use testkit::Preparation;
use tokio::time::sleep;

use super::{Outcome, Piece};
use crate::{
    Failure,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// How long a processor may take to begin.
const BEGIN_WITHIN: Duration = Duration::from_secs(180);

/// The process that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    Clickhouse,
    Processor,
    Collector,
    Redis,
    Postgres,
    Kafka,
}

impl Victim {
    pub(crate) const ALL: [Self; 6] = [
        Self::Clickhouse,
        Self::Processor,
        Self::Collector,
        Self::Redis,
        Self::Postgres,
        Self::Kafka,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Clickhouse => "clickhouse",
            Self::Processor => "processor",
            Self::Collector => "collector",
            Self::Redis => "redis",
            Self::Postgres => "postgres",
            Self::Kafka => "kafka",
        }
    }

    /// Returns whether other platforms use it as well.
    pub(crate) const fn is_server(self) -> bool {
        !matches!(self, Self::Processor | Self::Collector)
    }

    /// The tries in the full run. A defect that shows in one kill of 200 shows in 1,000 with 99 %.
    pub(crate) const fn full(self) -> u64 {
        match self {
            Self::Clickhouse => 1_000,
            Self::Processor | Self::Collector => 500,
            Self::Redis => 400,
            Self::Postgres | Self::Kafka => 100,
        }
    }
}

pub(super) async fn run(stack: &Stack, victim: Victim, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    if victim.is_server() {
        // Services end when a server is unreachable at start. This scenario tests running services.
        stand.wait_for_progress(BEGIN_WITHIN).await?;
    }
    for _ in 0..piece.tries {
        sleep(Duration::from_millis(random.random_range(300..2_000))).await;
        kill(stack, &mut stand, victim, &mut random).await?;
        stand.check_all_running()?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// Kills one process and starts it again after a moment.
pub(super) async fn kill(
    stack: &Stack,
    stand: &mut Stand,
    victim: Victim,
    random: &mut StdRng,
) -> Result<(), Failure> {
    let downtime = Duration::from_millis(random.random_range(0..700));
    let server = match victim {
        Victim::Processor => {
            stand.kill("processor")?;
            sleep(downtime).await;
            stand.start_processor("processor", []);
            return Ok(());
        }
        Victim::Collector => {
            stand.kill("collector")?;
            sleep(downtime).await;
            stand.start("collector", &["collector"], []);
            return stand.wait_until_ready().await;
        }
        Victim::Clickhouse if random.random_bool(0.6) => Server::ClickhouseShared,
        Victim::Clickhouse => Server::ClickhouseDedicated,
        Victim::Redis => Server::Redis,
        Victim::Postgres => Server::Postgres,
        Victim::Kafka => Server::Kafka,
    };
    stack.kill(server).await?;
    sleep(downtime).await;
    stack.start(server).await
}
