//! T8: full disks, and fsyncs that fail.

use std::time::Duration;

use rand::Rng;
use testkit::Preparation;
use tokio::time::sleep;

use super::{
    Outcome, Piece,
    aborts::spool_something,
    links::{detour_to_kafka, impatient},
};
use crate::{
    Failure,
    disk::{DyingDisk, SmallDisk},
    load::Traffic,
    proxy::Proxy,
    stack::{Server, Stack},
    stand::Stand,
};

/// Bytes left on a disk that is nearly full, at most.
const LEFT: u64 = 65_536;
/// How long an answer that was decided before may take.
const ON_ITS_WAY: Duration = Duration::from_millis(500);
/// How long everything may take to move again when there is room.
const MOVING: Duration = Duration::from_secs(120);

/// What cannot be written.
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

    /// How often in the full run.
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

/// The spool's disk, while Kafka is away.
async fn spool(disk: Disk, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let (kafka, brokers) = detour_to_kafka().await?;
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.kill("collector")?;
    let small = SmallDisk::mount(&stand.platform.folder().join("spool"), 32)?;
    stand.start("collector", &["collector"], impatient(brokers));
    stand.ready().await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        spool_something(&mut stand, &kafka).await?;
        let long = Duration::from_millis(random.random_range(1_000..4_000));
        match disk {
            Disk::SpoolFsync => {
                let dying = DyingDisk::under(stand.member("collector")?.id()).await?;
                nothing_is_accepted(&stand, long).await?;
                dying.mend().await?;
            }
            _ => {
                small.fill(random.random_range(0..LEFT))?;
                sleep(long).await;
                small.make_room()?;
            }
        }
        back(&mut stand, &kafka).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}

/// No 202 is given while there is neither Kafka nor a disk, but for what was on its way before.
async fn nothing_is_accepted(stand: &Stand, long: Duration) -> Result<(), Failure> {
    sleep(ON_ITS_WAY).await;
    let before = stand.journal.answers();
    sleep(long).await;
    let after = stand.journal.answers();
    match (after.accepted - before.accepted, after.refused - before.refused) {
        (0, 1..) => Ok(()),
        (0, 0) => Err("no request came while the disk was dying".into()),
        (accepted, _) => Err(format!("{accepted} requests were accepted that no disk has").into()),
    }
}

/// Kafka is back; what was spooled must get there.
async fn back(stand: &mut Stand, kafka: &Proxy) -> Result<(), Failure> {
    kafka.heal();
    stand.drained().await?;
    stand.moving(MOVING).await
}

async fn archive(piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    let small = SmallDisk::mount(&stand.platform.folder().join("archive"), 64)?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        sleep(Duration::from_secs(2)).await;
        small.fill(random.random_range(0..LEFT))?;
        sleep(Duration::from_millis(random.random_range(2_000..12_000))).await;
        small.make_room()?;
        stand.moving(MOVING).await?;
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
    let outcome = fill_again_and_again(&small, piece).await;
    // What it holds now goes with the disk: platforms are made anew for each piece.
    stack.kill(server).await?;
    drop(small);
    stack.start(server).await?;
    outcome
}

async fn fill_again_and_again(small: &SmallDisk, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    for _ in 0..piece.tries {
        sleep(Duration::from_secs(2)).await;
        small.fill(random.random_range(0..LEFT))?;
        sleep(Duration::from_millis(random.random_range(2_000..6_000))).await;
        small.make_room()?;
        stand.moving(MOVING).await?;
    }
    load.stop().await?;
    Ok(stand.verdict().await?.into())
}
