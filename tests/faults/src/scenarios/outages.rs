//! T7: servers that are away for long, and servers that come back with less than they had.

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
    disk::shell,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// What happens to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Tries are seconds.
    KafkaAway,
    /// Tries are seconds.
    ClickhouseAway,
    RedisWiped,
    RedisRolledBack,
    PostgresRestored,
}

impl Outage {
    pub(crate) const ALL: [Self; 5] = [
        Self::KafkaAway,
        Self::ClickhouseAway,
        Self::RedisWiped,
        Self::RedisRolledBack,
        Self::PostgresRestored,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::KafkaAway => "kafka-away-seconds",
            Self::ClickhouseAway => "clickhouse-away-seconds",
            Self::RedisWiped => "redis-wiped",
            Self::RedisRolledBack => "redis-rolled-back",
            Self::PostgresRestored => "postgres-restored",
        }
    }

    /// How often in the full run; for how long where a server is away.
    pub(crate) const fn full(self) -> u64 {
        match self {
            Self::KafkaAway | Self::ClickhouseAway => 600,
            Self::RedisWiped | Self::RedisRolledBack => 20,
            Self::PostgresRestored => 5,
        }
    }

    /// How often on one platform.
    pub(crate) const fn together(self) -> u64 {
        match self {
            Self::KafkaAway | Self::ClickhouseAway => 600,
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
        Outage::KafkaAway => {
            let servers = [Server::Kafka];
            away(stack, &servers, Duration::from_secs(piece.tries)).await?;
        }
        Outage::ClickhouseAway => {
            let servers = [Server::ClickhouseShared, Server::ClickhouseDedicated];
            away(stack, &servers, Duration::from_secs(piece.tries)).await?;
        }
        Outage::RedisWiped | Outage::RedisRolledBack | Outage::PostgresRestored => {
            for _ in 0..piece.tries {
                let longer = Duration::from_millis(random.random_range(2_000..6_000));
                match outage {
                    Outage::RedisWiped => wipe(stack, Server::Redis).await?,
                    Outage::RedisRolledBack => restore(stack, Server::Redis, longer).await?,
                    _ => restore(stack, Server::Postgres, longer).await?,
                }
                sleep(Duration::from_millis(random.random_range(2_000..6_000))).await;
                stand.all_running()?;
            }
        }
    }
    sleep(Duration::from_secs(2)).await;
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

async fn away(stack: &Stack, servers: &[Server], long: Duration) -> Result<(), Failure> {
    for server in servers {
        stack.kill(*server).await?;
    }
    sleep(long).await;
    for server in servers {
        stack.start(*server).await?;
    }
    Ok(())
}

/// Dies, and comes back with nothing.
async fn wipe(stack: &Stack, server: Server) -> Result<(), Failure> {
    stack.kill(server).await?;
    shell("rm", &["-rf"], &[&stack.data(server)?])?;
    stack.start(server).await
}

/// Dies, and comes back with what it had a while ago.
async fn restore(stack: &Stack, server: Server, later: Duration) -> Result<(), Failure> {
    let data = stack.data(server)?;
    let older = older(&data)?;
    stack.kill(server).await?;
    shell("rm", &["-rf"], &[&older])?;
    shell("cp", &["-a"], &[&data, &older])?;
    stack.start(server).await?;
    sleep(later).await;
    stack.kill(server).await?;
    shell("rm", &["-rf"], &[&data])?;
    shell("mv", &[], &[&older, &data])?;
    stack.start(server).await
}

/// Where the copy lies: beside the data, on the same file system.
fn older(data: &Path) -> Result<PathBuf, Failure> {
    Ok(data.parent().ok_or("a server's data has a folder")?.join("data.older"))
}
