use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};

/// A running `footfall` command. It is killed when dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `program` with these arguments and settings; what it prints goes to `log`.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        settings: &BTreeMap<String, String>,
        log: &Path,
    ) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("a log file");
        let child = command(program, arguments, settings)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file)
            .spawn()
            .expect("footfall starts");
        Self { child, log: log.to_owned() }
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        self.child.kill().expect("our own process can be killed");
        self.child.wait().expect("our own process can be waited for");
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `SIGCONT`: it goes on where it was, whatever happened meanwhile.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// `SIGTERM`: it ends its work and leaves.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        let id = self.id().try_into().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("our own process can be signalled");
    }

    /// Whether it is frozen, by whomever.
    pub fn is_frozen(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The state follows the program's name, which stands in parentheses.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// How it ended; `None` while it runs.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own process can be asked")
    }

    /// Fails the test, with the end of the log, when the process is no longer there.
    pub fn must_be_running(&mut self) {
        if let Some(status) = self.exited() {
            panic!("footfall ended ({status}):\n{}", self.last_lines());
        }
    }

    /// Waits until it has ended by itself, which must be well.
    pub async fn ended(&mut self) {
        loop {
            match self.exited() {
                Some(status) if status.success() => return,
                Some(status) => panic!("footfall ended ({status}):\n{}", self.last_lines()),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// The end of what it printed.
    pub fn last_lines(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already, or gone now: either is what dropping asks for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a `footfall` command to its end and returns what it printed; it must succeed.
pub(crate) fn run(
    program: &Path,
    arguments: &[&str],
    settings: &BTreeMap<String, String>,
) -> String {
    let output = command(program, arguments, settings).output().expect("footfall starts");
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "footfall {arguments:?}: {}\n{out}\n{err}", output.status);
    out.into_owned()
}

fn command(program: &Path, arguments: &[&str], settings: &BTreeMap<String, String>) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).envs(settings).current_dir(workspace());
    command
}

/// The `footfall` that the same build made.
pub(crate) fn binary() -> PathBuf {
    program("footfall")
}

/// A program that the same build made: it lies beside other programs, and one folder above tests.
pub fn program(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a path of this program");
    let folders = program.ancestors().skip(1);
    let mut folders = folders.skip_while(|folder| folder.ends_with("deps"));
    let binary = folders.next().expect("target/<profile>").join(name);
    assert!(binary.exists(), "{} is not there: run `cargo build` first", binary.display());
    binary
}

/// The root of the checkout.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}
