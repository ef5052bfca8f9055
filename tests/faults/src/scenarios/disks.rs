//! Disks: full disks, and fsyncs that fail.

use std::time::Duration;

use rand::Rng;
use testkit::Preparation;
use tokio::time::sleep;

use super::{
    Outcome, Piece,
    aborts::cut_kafka_until_spooled,
    detours::{collector_settings, detour_to_kafka},
};
use crate::{
    Failure,
    disk::{FailingDisk, SmallDisk},
    load::Traffic,
    proxy::Proxy,
    stack::{Server, Stack},
    stand::Stand,
};

/// The most free bytes on a nearly full disk.
const MAX_FREE_BYTES: u64 = 65_536;
/// How long an answer may take that was decided before the fault.
const IN_FLIGHT: Duration = Duration::from_millis(500);
/// How long every sink may take to make progress once there is room.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(120);

/// The disk that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    SpoolFull,
    ArchiveFull,
    RedisFull,
    ClickhouseFull,
    SpoolFsync,
}

impl Disk {
    pub(crate) const ALL: [Self; 5] = [
        Self::SpoolFull,
        Self::ArchiveFull,
        Self::RedisFull,
        Self::ClickhouseFull,
        Self::SpoolFsync,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::SpoolFull => "spool-full",
            Self::ArchiveFull => "archive-full",
            Self::RedisFull => "redis-full",
            Self::ClickhouseFull => "clickhouse-full",
            Self::SpoolFsync => "spool-fsync-fails",
        }
    }

    /// The tries in the full run.
    pub(crate) const fn full(self) -> u64 {
        match self {
            Self::SpoolFsync => 20,
            _ => 10,
        }
    }
}

pub(super) async fn run(stack: &Stack, disk: Disk, piece: &Piece) -> Result<Outcome, Failure> {
    match disk {
        Disk::SpoolFull | Disk::SpoolFsync => spool(disk, piece).await,
        Disk::ArchiveFull => archive(piece).await,
        Disk::RedisFull => server(stack, Server::Redis, 256, piece).await,
        Disk::ClickhouseFull => server(stack, Server::ClickhouseShared, 1_024, piece).await,
    }
}

/// The spool's disk, while Kafka is unreachable.
async fn spool(disk: Disk, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let (kafka, brokers) = detour_to_kafka().await?;
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.kill("collector")?;
    let small = SmallDisk::mount(&stand.platform.folder().join("spool"), 32)?;
    stand.start("collector", &["collector"], collector_settings(brokers));
    stand.wait_until_ready().await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        cut_kafka_until_spooled(&mut stand, &kafka).await?;
        let duration = Duration::from_millis(random.random_range(1_000..4_000));
        match disk {
            Disk::SpoolFsync => {
                let failing = FailingDisk::attach(stand.member("collector")?.id()).await?;
                nothing_is_accepted(&stand, duration).await?;
                failing.detach().await?;
            }
            _ => {
                small.fill(random.random_range(0..MAX_FREE_BYTES))?;
                sleep(duration).await;
                small.make_room()?;
            }
        }
        reconnect(&mut stand, &kafka).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// Checks that no request is accepted while neither Kafka nor the disk works, apart from answers
/// that were decided before.
async fn nothing_is_accepted(stand: &Stand, duration: Duration) -> Result<(), Failure> {
    sleep(IN_FLIGHT).await;
    let before = stand.journal.answers();
    sleep(duration).await;
    let after = stand.journal.answers();
    match (after.accepted - before.accepted, after.refused - before.refused) {
        (0, 1..) => Ok(()),
        (0, 0) => Err("no request was sent while the disk failed".into()),
        (accepted, _) => {
            Err(format!("{accepted} requests were accepted that are not on disk").into())
        }
    }
}

/// Restores the link to Kafka and waits until the spool is drained.
async fn reconnect(stand: &mut Stand, kafka: &Proxy) -> Result<(), Failure> {
    kafka.heal();
    stand.wait_until_drained().await?;
    stand.wait_for_progress(RECOVERY_TIMEOUT).await
}

async fn archive(piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let small = SmallDisk::mount(&stand.platform.folder().join("archive"), 64)?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        sleep(Duration::from_secs(2)).await;
        small.fill(random.random_range(0..MAX_FREE_BYTES))?;
        sleep(Duration::from_millis(random.random_range(2_000..12_000))).await;
        small.make_room()?;
        stand.wait_for_progress(RECOVERY_TIMEOUT).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

async fn server(
    stack: &Stack,
    server: Server,
    mebibytes: u32,
    piece: &Piece,
) -> Result<Outcome, Failure> {
    let data = stack.data(server)?;
    stack.kill(server).await?;
    let small = SmallDisk::mount(&data, mebibytes)?;
    stack.start(server).await?;
    let outcome = fill_repeatedly(&small, piece).await;
    // The data is lost with the disk: each piece creates its own platforms.
    stack.kill(server).await?;
    drop(small);
    stack.start(server).await?;
    outcome
}

async fn fill_repeatedly(small: &SmallDisk, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        sleep(Duration::from_secs(2)).await;
        small.fill(random.random_range(0..MAX_FREE_BYTES))?;
        sleep(Duration::from_millis(random.random_range(2_000..6_000))).await;
        small.make_room()?;
        stand.wait_for_progress(RECOVERY_TIMEOUT).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}
