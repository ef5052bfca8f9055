//! File systems of a limited size, which can be filled; and calls that fail.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::Failure;

const BALLAST: &str = "ballast";
/// How long a tracer may take to take hold of every thread, or to let go.
const ATTACHED: Duration = Duration::from_millis(300);

/// A file system in memory, mounted over a folder. It is unmounted when dropped.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts an empty one over `folder`. Needs root.
    pub(crate) fn mount(folder: &Path, mebibytes: u32) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let size = format!("size={mebibytes}m");
        shell("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], &[folder])?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Leaves no more than this free, for whoever is quickest.
    pub(crate) fn fill(&self, free_bytes: u64) -> Result<(), Failure> {
        let mut ballast =
            File::options().create(true).append(true).open(self.folder.join(BALLAST))?;
        let chunk = [0; 4_096];
        loop {
            match ballast.write_all(&chunk) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => return Err(error.into()),
            }
        }
        let length = ballast.metadata()?.len();
        Ok(ballast.set_len(length.saturating_sub(free_bytes))?)
    }

    /// There is room again.
    pub(crate) fn make_room(&self) -> Result<(), Failure> {
        shell("rm", &["-f"], &[&self.folder.join(BALLAST)])
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whoever still has a file open there keeps it until it ends.
        let _ = shell("umount", &["--lazy"], &[&self.folder]);
    }
}

/// A disk that is about to die, for one process: every fsync fails.
pub(crate) struct DyingDisk {
    tracer: Child,
}

impl DyingDisk {
    /// From when this returns, every fsync of the process fails.
    pub(crate) async fn under(process: u32) -> Result<Self, Failure> {
        let mut tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-p", &process.to_string()])
            .args(["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"])
            .stdin(Stdio::null())
            .spawn()?;
        sleep(ATTACHED).await;
        if let Some(status) = tracer.try_wait()? {
            return Err(format!("strace ended ({status}): may this user trace processes?").into());
        }
        Ok(Self { tracer })
    }

    /// It is well again.
    pub(crate) async fn mend(mut self) -> Result<(), Failure> {
        // Interrupted, it lets go of the process, which goes on.
        let id = self.tracer.id().try_into().ok().and_then(Pid::from_raw);
        kill_process(id.ok_or("strace has an id")?, Signal::INT)?;
        sleep(ATTACHED).await;
        self.tracer.wait()?;
        Ok(())
    }
}

/// Runs a program that must succeed.
pub(crate) fn shell(program: &str, options: &[&str], paths: &[&Path]) -> Result<(), Failure> {
    let output = Command::new(program).args(options).args(paths).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {paths:?}: {}: {said}", output.status).into())
}
