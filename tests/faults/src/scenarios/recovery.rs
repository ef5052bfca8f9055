//! PostgreSQL is lost with all its data under load, and recovered from its own log to a moment before.

use std::{
    env,
    fs::{self, DirBuilder, File},
    io::Write,
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use chrono::{DateTime, SecondsFormat, Utc};
use rand::Rng;
use testkit::Preparation;
use tokio::{process::Command, task::block_in_place, time::sleep};

use super::{
    Outcome, Piece,
    drills::{GOES_ON_WITHIN, ask, text},
    times::Times,
};
use crate::{
    Failure,
    disk::run_program,
    load::Traffic,
    stack::{Server, Stack},
    stand::Stand,
};

/// How long the server may take to keep what it has written.
const KEPT_WITHIN: Duration = Duration::from_secs(60);
/// The address of the database that belongs to the stack and to no platform.
const DATABASE: &str = "FOOTFALL__POSTGRES__URL";

pub(super) async fn run(stack: &Stack, piece: &Piece) -> Result<Outcome, Failure> {
    let mut random = piece.random();
    let wal = WalFolder::begin(stack).await?;
    let database = env::var(DATABASE)?;
    ask(&database, "DROP TABLE IF EXISTS mark; CREATE TABLE mark (try bigint)").await?;
    let mut stand = Stand::prepare(Preparation::default()).await?;
    stand.start_processor("processor", []);
    let load = stand.load(Traffic::default(), piece.seed());
    let mut times = Times::default();
    let mut pause = || Duration::from_millis(random.random_range(2_000..6_000));
    // A data key that is newer than what is recovered would be lost, so each tenant is archived before.
    sleep(pause()).await;
    stand.wait_for_progress(GOES_ON_WITHIN).await?;
    for number in 1..=piece.tries {
        sleep(pause()).await;
        let began = Instant::now();
        wal.base().await?;
        times.note("base", began);
        sleep(pause()).await;
        ask(&database, &format!("INSERT INTO mark VALUES ({number})")).await?;
        let until = Utc::now();
        ask(&database, "INSERT INTO mark VALUES (-1)").await?;
        // What is stored now is in Kafka's log, and the recovered ledger does not know it.
        sleep(pause()).await;
        wal.wait_for_more().await?;
        recover(stack, &mut stand, &wal, until, &mut times).await?;
        let before = format!("count(*) FILTER (WHERE try = {number})");
        let after = "count(*) FILTER (WHERE try < 0)";
        let marks = ask(&database, &format!("SELECT {before}, {after} FROM mark")).await?;
        if marks.trim() != "1|0" {
            return Err(format!("PostgreSQL is not as of {until}: {marks}").into());
        }
        stand.check_all_running()?;
    }
    sleep(Duration::from_secs(2)).await;
    load.stop().await?;
    stand.reopen_streams();
    let verdict = stand.verdict().await?;
    wal.end(stack).await?;
    Ok(Outcome { figures: times.0, ..verdict.into() })
}

async fn recover(
    stack: &Stack,
    stand: &mut Stand,
    wal: &WalFolder,
    until: DateTime<Utc>,
    times: &mut Times,
) -> Result<(), Failure> {
    let until = until.to_rfc3339_opts(SecondsFormat::Micros, true);
    let began = Instant::now();
    stack.kill(Server::Postgres).await?;
    stand.kill("processor")?;
    let recovering = Instant::now();
    wal.recover(stack, &until).await?;
    block_in_place(|| stand.platform.run(&["restore", "stores", "--until", until.as_str()]));
    times.note("recovery", recovering);
    stand.start_processor("processor", []);
    stand.wait_for_progress(GOES_ON_WITHIN).await?;
    times.note("until every sink goes on", began);
    let settling = Instant::now();
    block_in_place(|| stand.platform.run(&["restore", "settle", "--until", until.as_str()]));
    times.note("settle", settling);
    Ok(())
}

/// The log (WAL) and the bases of the server, which `infra/postgres/wal.sh` keeps beside its data.
struct WalFolder {
    script: PathBuf,
    folder: PathBuf,
    data: PathBuf,
    /// The user and the group of the server.
    owner: (u32, u32),
    /// How the superuser connects.
    login: [(&'static str, String); 4],
}

impl WalFolder {
    /// Starts the server again with a folder for its log, as an operator sets it up once.
    async fn begin(stack: &Stack) -> Result<Self, Failure> {
        let data = stack.data(Server::Postgres)?;
        let beside = data.parent().ok_or("a server's data has a folder")?;
        // The server's user may have no access to the checkout.
        let script = beside.join("wal.sh");
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/postgres/wal.sh");
        fs::copy(original, &script)?;
        let of_data = fs::metadata(&data)?;
        let address = env::var(DATABASE)?;
        let (host, port) = host_and_port(&address).ok_or("the address of a database has a port")?;
        let login = [
            ("PGHOST", host.to_owned()),
            ("PGPORT", port.to_owned()),
            ("PGUSER", "postgres".to_owned()),
            ("PGPASSWORD", stack.secret("POSTGRES_ADMIN_PASSWORD")?),
        ];
        let owner = (of_data.uid(), of_data.gid());
        let folder = beside.join("wal");
        let wal = Self { script, folder, data, owner, login };
        run_program("rm", &["-rf"], &[&wal.folder])?;
        for part in ["", "wal", "base"] {
            wal.create(&wal.folder.join(part))?;
        }
        stack.stop(Server::Postgres).await?;
        let settings = format!(
            "archive_mode = on\narchive_timeout = 2\n\
             archive_command = '\"{}\" put \"{}\" \"%p\" \"%f\"'\n",
            wal.script.display(),
            wal.folder.display(),
        );
        File::options().append(true).open(wal.settings())?.write_all(settings.as_bytes())?;
        stack.start(Server::Postgres).await?;
        Ok(wal)
    }

    /// Copies the server's files.
    async fn base(&self) -> Result<(), Failure> {
        self.run(&["base", text(&self.folder)?]).await
    }

    /// Waits until more of the log is kept: the second file from now on ends after now.
    async fn wait_for_more(&self) -> Result<(), Failure> {
        let began = Instant::now();
        let enough = self.files()? + 2;
        while self.files()? < enough {
            if began.elapsed() > KEPT_WITHIN {
                return Err(format!("no more of the log was kept within {KEPT_WITHIN:?}").into());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Removes the data of the killed server and starts it as of a time. Returns when it has recovered.
    async fn recover(&self, stack: &Stack, until: &str) -> Result<(), Failure> {
        run_program("rm", &["-rf"], &[&self.data])?;
        self.create(&self.data)?;
        self.run(&["recover", text(&self.folder)?, until, text(&self.data)?]).await?;
        stack.start(Server::Postgres).await
    }

    /// Starts the server again without a folder for its log.
    async fn end(self, stack: &Stack) -> Result<(), Failure> {
        stack.stop(Server::Postgres).await?;
        fs::write(self.settings(), "")?;
        run_program("rm", &["-rf"], &[&self.folder, &self.script])?;
        stack.start(Server::Postgres).await
    }

    /// The settings that go with the data.
    fn settings(&self) -> PathBuf {
        self.data.join("postgresql.auto.conf")
    }

    fn files(&self) -> Result<usize, Failure> {
        let mut count = 0;
        for entry in fs::read_dir(self.folder.join("wal"))? {
            count += usize::from(entry?.path().extension().is_some_and(|ending| ending == "gz"));
        }
        Ok(count)
    }

    /// Creates a folder of the server's user.
    fn create(&self, folder: &Path) -> Result<(), Failure> {
        DirBuilder::new().mode(0o700).create(folder)?;
        let (user, group) = self.owner;
        Ok(chown(folder, Some(user), Some(group))?)
    }

    /// Runs the script as the server's user.
    async fn run(&self, arguments: &[&str]) -> Result<(), Failure> {
        let (user, group) = self.owner;
        let mut command = Command::new(&self.script);
        for (variable, value) in &self.login {
            command.env(variable, value);
        }
        command.args(arguments).env("HOME", "/").current_dir("/").uid(user).gid(group);
        let output = command.output().await?;
        if output.status.success() {
            return Ok(());
        }
        let lines = String::from_utf8_lossy(&output.stderr);
        Err(format!("wal.sh {arguments:?}: {}\n{lines}", output.status).into())
    }
}

fn host_and_port(address: &str) -> Option<(&str, &str)> {
    let (_, server) = address.rsplit_once('@')?;
    server.split('/').next()?.rsplit_once(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_superuser_connects_where_the_platforms_do() {
        let address = "postgres://footfall:secret@127.0.0.1:18040/footfall";
        assert_eq!(host_and_port(address), Some(("127.0.0.1", "18040")));
        assert_eq!(host_and_port("postgres://localhost/footfall"), None);
    }
}
