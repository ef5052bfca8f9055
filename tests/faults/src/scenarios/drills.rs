//! Drills: a store is lost with all its data under load, and restored from a backup that is older than what was
//! accepted since.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rand::Rng;
use testkit::Preparation;
use tokio::{process::Command, task::block_in_place, time::sleep};

use super::{Outcome, Piece, times::Times};
use crate::{
    Failure,
    disk::run_program,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// The store that is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LostStore {
    Postgres,
    Clickhouse,
    Archive,
    /// It has no backup: its counters are computed again.
    Redis,
}

/// How long every sink may take to go on after its store was restored.
pub(super) const GOES_ON_WITHIN: Duration = Duration::from_secs(120);

const CLICKHOUSE: [Server; 2] = [Server::ClickhouseShared, Server::ClickhouseDedicated];

impl LostStore {
    pub(crate) const ALL: [Self; 4] =
        [Self::Postgres, Self::Clickhouse, Self::Archive, Self::Redis];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres-lost",
            Self::Clickhouse => "clickhouse-lost",
            Self::Archive => "archive-lost",
            Self::Redis => "redis-lost",
        }
    }

    /// The name in `footfall restore --only`, if it is restored.
    const fn option(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("postgres"),
            Self::Clickhouse => Some("clickhouse"),
            Self::Archive => Some("archive"),
            Self::Redis => None,
        }
    }
}

pub(super) async fn run(stack: &Stack, lost: LostStore, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    let mut times = Times::default();
    let mut pause = || Duration::from_millis(random.random_range(2_000..6_000));
    let folder = stand.platform.folder().join("backups");
    // A data key that is newer than the backup would be lost, so each tenant is archived before.
    sleep(pause()).await;
    stand.wait_for_progress(GOES_ON_WITHIN).await?;
    for _ in 0..piece.tries {
        sleep(pause()).await;
        // Each is based on the one before, also across a restore.
        let began = Instant::now();
        let backup = back_up(&stand, &folder)?;
        times.note("backup", began);
        // What is accepted now is in the log, and in no backup.
        sleep(pause()).await;
        restore(stack, &mut stand, lost, &backup, &mut times).await?;
        stand.check_all_running()?;
    }
    sleep(Duration::from_secs(2)).await;
    load.stop().await?;
    // A stream that read rows before they were repaired shows the old counts until it is opened again.
    stand.reopen_streams();
    let verdict = stand.verdict().await?;
    Ok(Outcome { figures: times.0, ..verdict.into() })
}

/// Backs up what has changed since the backup before. Returns the folder of the backup.
fn back_up(stand: &Stand, folder: &Path) -> Result<PathBuf, Failure> {
    let arguments = ["backup", "--to", text(folder)?, "--base", "latest"];
    let output = block_in_place(|| stand.platform.run(&arguments));
    let made = output.lines().last().ok_or("a backup prints its folder")?;
    Ok(PathBuf::from(made.trim()))
}

async fn restore(
    stack: &Stack,
    stand: &mut Stand,
    lost: LostStore,
    backup: &Path,
    times: &mut Times,
) -> Result<(), Failure> {
    let began = Instant::now();
    let Some(option) = lost.option() else {
        lose(stack, Server::Redis).await?;
        stand.wait_for_progress(GOES_ON_WITHIN).await?;
        times.note("until every sink goes on", began);
        return Ok(());
    };
    let archive = stand.platform.folder().join("archive");
    match lost {
        LostStore::Postgres => lose(stack, Server::Postgres).await?,
        LostStore::Clickhouse => {
            for server in CLICKHOUSE {
                lose(stack, server).await?;
            }
        }
        // Renamed first: the processor goes on writing.
        LostStore::Archive | LostStore::Redis => {
            let gone = archive.with_extension("gone");
            fs::rename(&archive, &gone)?;
            run_program("rm", &["-rf"], &[&gone])?;
        }
    }
    // No processor runs while a store is restored.
    stand.kill("processor")?;
    match lost {
        LostStore::Postgres => create_database(stand.platform.database_url()).await?,
        // What it wrote meanwhile.
        LostStore::Archive => run_program("rm", &["-rf"], &[&archive])?,
        LostStore::Clickhouse | LostStore::Redis => {}
    }
    let restoring = Instant::now();
    let from = text(backup)?;
    block_in_place(|| stand.platform.run(&["restore", "stores", "--from", from, "--only", option]));
    times.note("restore", restoring);
    stand.start_processor("processor", []);
    stand.wait_for_progress(GOES_ON_WITHIN).await?;
    times.note("until every sink goes on", began);
    let settling = Instant::now();
    block_in_place(|| stand.platform.run(&["restore", "settle", "--from", from, "--only", option]));
    times.note("settle", settling);
    Ok(())
}

/// Kills a server and starts it without data.
pub(super) async fn lose(stack: &Stack, server: Server) -> Result<(), Failure> {
    stack.kill(server).await?;
    run_program("rm", &["-rf"], &[&stack.data(server)?])?;
    stack.start(server).await
}

/// Creates the platform's database on a server that has only that of the stack.
async fn create_database(url: &str) -> Result<(), Failure> {
    let (server, name) = url.rsplit_once('/').ok_or("the address of a database has its name")?;
    let of_stack = format!("{server}/footfall");
    ask(&of_stack, &format!("CREATE DATABASE {name}")).await?;
    Ok(())
}

/// Runs a statement on a database. Returns its rows, with a bar between columns.
pub(super) async fn ask(url: &str, statement: &str) -> Result<String, Failure> {
    let output =
        Command::new("psql").args([url, "-X", "-q", "-A", "-t", "-c", statement]).output().await?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("psql: {}", String::from_utf8_lossy(&output.stderr)).into())
}

pub(super) fn text(path: &Path) -> Result<&str, Failure> {
    Ok(path.to_str().ok_or("the path of the results is text")?)
}
