//! Outages: servers that are down for long, and servers that come back with older_copy or no data.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use rand::Rng;
use testkit::Preparation;
use tokio::time::sleep;

use super::{Outcome, Piece};
use crate::{
    Failure,
    disk::run_program,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// The outage of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Tries are seconds.
    KafkaDown,
    /// Tries are seconds.
    ClickhouseDown,
    RedisWiped,
    RedisRolledBack,
    PostgresRestored,
}

impl Outage {
    pub(crate) const ALL: [Self; 5] = [
        Self::KafkaDown,
        Self::ClickhouseDown,
        Self::RedisWiped,
        Self::RedisRolledBack,
        Self::PostgresRestored,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::KafkaDown => "kafka-unavailable-seconds",
            Self::ClickhouseDown => "clickhouse-unavailable-seconds",
            Self::RedisWiped => "redis-wiped",
            Self::RedisRolledBack => "redis-rolled-back",
            Self::PostgresRestored => "postgres-restored",
        }
    }

    /// The tries in the full run; seconds for a server that is down.
    pub(crate) const fn full(self) -> u64 {
        match self {
            Self::KafkaDown | Self::ClickhouseDown => 600,
            Self::RedisWiped | Self::RedisRolledBack => 20,
            Self::PostgresRestored => 5,
        }
    }

    /// The tries of one piece.
    pub(crate) const fn per_piece(self) -> u64 {
        match self {
            Self::KafkaDown | Self::ClickhouseDown => 600,
            _ => 10,
        }
    }
}

pub(super) async fn run(stack: &Stack, outage: Outage, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    sleep(Duration::from_secs(3)).await;
    match outage {
        Outage::KafkaDown => {
            let servers = [Server::Kafka];
            stop_for(stack, &servers, Duration::from_secs(piece.tries)).await?;
        }
        Outage::ClickhouseDown => {
            let servers = [Server::ClickhouseShared, Server::ClickhouseDedicated];
            stop_for(stack, &servers, Duration::from_secs(piece.tries)).await?;
        }
        Outage::RedisWiped | Outage::RedisRolledBack | Outage::PostgresRestored => {
            for _ in 0..piece.tries {
                let delay = Duration::from_millis(random.random_range(2_000..6_000));
                match outage {
                    Outage::RedisWiped => wipe(stack, Server::Redis).await?,
                    Outage::RedisRolledBack => restore(stack, Server::Redis, delay).await?,
                    _ => restore(stack, Server::Postgres, delay).await?,
                }
                sleep(Duration::from_millis(random.random_range(2_000..6_000))).await;
                stand.check_all_running()?;
            }
        }
    }
    sleep(Duration::from_secs(2)).await;
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

async fn stop_for(stack: &Stack, servers: &[Server], duration: Duration) -> Result<(), Failure> {
    for server in servers {
        stack.kill(*server).await?;
    }
    sleep(duration).await;
    for server in servers {
        stack.start(*server).await?;
    }
    Ok(())
}

/// Kills a server and starts it without data.
async fn wipe(stack: &Stack, server: Server) -> Result<(), Failure> {
    stack.kill(server).await?;
    run_program("rm", &["-rf"], &[&stack.data(server)?])?;
    stack.start(server).await
}

/// Kills a server and starts it with an older copy of its data.
async fn restore(stack: &Stack, server: Server, delay: Duration) -> Result<(), Failure> {
    let data = stack.data(server)?;
    let older_copy = older_copy(&data)?;
    stack.kill(server).await?;
    run_program("rm", &["-rf"], &[&older_copy])?;
    run_program("cp", &["-a"], &[&data, &older_copy])?;
    stack.start(server).await?;
    sleep(delay).await;
    stack.kill(server).await?;
    run_program("rm", &["-rf"], &[&data])?;
    run_program("mv", &[], &[&older_copy, &data])?;
    stack.start(server).await
}

/// Returns the path of the copy: beside the data, on the same file system.
fn older_copy(data: &Path) -> Result<PathBuf, Failure> {
    Ok(data.parent().ok_or("a server's data has a folder")?.join("data.older"))
}
