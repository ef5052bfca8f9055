use std::{
    env, fs,
    io::copy,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use chrono::{DateTime, TimeDelta, Utc};
use liblzma::{read::XzDecoder, write::XzEncoder};
use serde::{Deserialize, Serialize};
use testkit::Platform;

use crate::{Sent, Stack, moved};

/// What the fixture contains.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Captured {
    /// The commit whose build wrote the stores.
    pub commit: String,
    /// The time of the capture.
    pub at: DateTime<Utc>,
    /// Every event that was sent, with its expected outcome.
    pub sent: Vec<Sent>,
}

/// The offset of the fixture's ports: the environment's servers use 42 ports.
const PORTS_ABOVE: u16 = 50;
/// The first port of the default stack.
const FIRST_PORT: u16 = 17_000;

/// Returns folder and first port of the fixture's stack. `with-test-stack.sh` wipes it, too.
pub fn stack_folder() -> (PathBuf, u16) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tests = env::var_os("FOOTFALL_STACK_DIR").map(PathBuf::from);
    let folder = tests.unwrap_or_else(|| root.join(".footfall/stack")).join("upgrade");
    let first = env::var("FOOTFALL_STACK_PORT").ok().and_then(|port| port.parse().ok());
    (folder, first.unwrap_or(FIRST_PORT) + PORTS_ABOVE)
}

/// The files of a stopped stack and a stopped platform that are packed.
const PACKED: [&str; 9] = [
    "captured.json",
    "postgres.sql",
    "stack/secrets",
    "stack/kafka/data",
    "stack/clickhouse-shared/data",
    "stack/clickhouse-dedicated/data",
    "stack/redis/data",
    "platform/secrets.env",
    "platform/archive",
];

/// Files that are recreated, or that another server cannot use.
const EXCLUDED: [&str; 6] =
    ["*.lock", "status", "tmp", "preprocessed_configs", "recovery-point-*", "cleaner-offset-*"];

/// Packs `folder` into `archive`.
pub fn pack(folder: &Path, archive: &Path) {
    let mut tar = Command::new("tar");
    tar.current_dir(folder).args(["--create", "--owner=0", "--group=0", "--sort=name"]);
    tar.args(EXCLUDED.map(|pattern| format!("--exclude={pattern}"))).args(PACKED);
    let mut child = tar.stdout(Stdio::piped()).spawn().expect("tar starts");
    let file = fs::File::create(archive).expect("a file for the archive");
    let mut encoder = XzEncoder::new(file, 9);
    copy(child.stdout.as_mut().expect("a pipe"), &mut encoder).expect("the archive is written");
    encoder.finish().expect("the archive is complete");
    assert!(child.wait().expect("tar ends").success(), "tar failed");
}

fn unpack(archive: &Path, folder: &Path) {
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--directory").arg(folder).stdin(Stdio::piped());
    let mut child = tar.spawn().expect("tar starts");
    let mut decoder = XzDecoder::new(fs::File::open(archive).expect("the fixture is there"));
    copy(&mut decoder, child.stdin.as_mut().expect("a pipe")).expect("the archive is read");
    drop(child.stdin.take());
    assert!(child.wait().expect("tar ends").success(), "tar failed");
}

/// Servers that run on a fixture's stores, and a platform on them that is not migrated yet.
pub struct Restored {
    /// What the fixture contains.
    pub captured: Captured,
    /// By how much recent events were moved.
    pub shift: TimeDelta,
    /// The platform. Fields are dropped in order: the platform before its servers.
    pub platform: Platform,
    /// Its servers, which are wiped when dropped.
    pub stack: Stack,
}

impl Restored {
    /// Restores `archive` and moves its recent events to the present.
    pub async fn bring_up(archive: &Path) -> Self {
        let (folder, port) = stack_folder();
        let stack = Stack::at(folder.join("stack"), port);
        stack.wipe();
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder for the stores");
        unpack(archive, &folder);
        let captured = fs::read(folder.join("captured.json")).expect("what was captured");
        let captured: Captured = serde_json::from_slice(&captured).expect("what was captured");

        stack.up();
        let settings = stack.settings();
        restore_postgres(&settings["FOOTFALL__POSTGRES__URL"], &folder.join("postgres.sql"));
        let shift = TimeDelta::days((Utc::now() - captured.at).num_days());
        moved::move_to_present(shift, captured.at, &settings).await;
        let platform = Platform::on_servers(None, settings, folder.join("platform"));
        Self { captured, shift, platform, stack }
    }
}

fn restore_postgres(url: &str, dump: &Path) {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file"]).arg(dump).arg(url);
    let output = psql.stdout(Stdio::null()).output().expect("psql starts");
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
}
