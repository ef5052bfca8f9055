//! Small file systems that can be filled, and fsyncs that fail.

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
/// How long strace may take to attach to every thread, or to detach.
const ATTACH_TIME: Duration = Duration::from_millis(300);

/// A file system in memory, mounted over a folder and unmounted on drop.
pub(crate) struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts an empty file system over `folder`. Needs root.
    pub(crate) fn mount(folder: &Path, mebibytes: u32) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)?;
        let size = format!("size={mebibytes}m");
        run_program("mount", &["-t", "tmpfs", "-o", &size, "tmpfs"], &[folder])?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Fills the file system up to this number of free bytes.
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

    /// Frees the space that [`SmallDisk::fill`] used.
    pub(crate) fn make_room(&self) -> Result<(), Failure> {
        run_program("rm", &["-f"], &[&self.folder.join(BALLAST)])
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A process with an open file there keeps the file until it ends.
        let _ = run_program("umount", &["--lazy"], &[&self.folder]);
    }
}

/// A failing disk for one process: every fsync of the process fails.
pub(crate) struct FailingDisk {
    tracer: Child,
}

impl FailingDisk {
    /// Attaches strace to the process. From then on, every fsync fails.
    pub(crate) async fn attach(process: u32) -> Result<Self, Failure> {
        let mut tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-p", &process.to_string()])
            .args(["-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO"])
            .stdin(Stdio::null())
            .spawn()?;
        sleep(ATTACH_TIME).await;
        if let Some(status) = tracer.try_wait()? {
            return Err(format!(
                "strace ended ({status}): check that this user may trace processes"
            )
            .into());
        }
        Ok(Self { tracer })
    }

    /// Lets fsyncs succeed again.
    pub(crate) async fn detach(mut self) -> Result<(), Failure> {
        // On an interrupt, strace detaches, and the process continues.
        let id = self.tracer.id().try_into().ok().and_then(Pid::from_raw);
        kill_process(id.ok_or("strace has an id")?, Signal::INT)?;
        sleep(ATTACH_TIME).await;
        self.tracer.wait()?;
        Ok(())
    }
}

/// Runs a program. Fails when the program fails.
pub(crate) fn run_program(program: &str, options: &[&str], paths: &[&Path]) -> Result<(), Failure> {
    let output = Command::new(program).args(options).args(paths).output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} {paths:?}: {}: {text}", output.status).into())
}
