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
    /// Starts `program` with these arguments and settings; its output goes to `log`.
    pub fn start(
        program: &Path,
        arguments: &[&str],
        settings: &BTreeMap<String, String>,
        log: &Path,
    ) -> Self {
        let file = File::options().create(true).append(true).open(log).expect("a log file");
        let mut command = command(program, arguments, settings);
        if let Some(&("all" | "api" | "collector" | "processor")) = arguments.first() {
            // On a stack with TLS, a service trusts what its settings name, and nothing else.
            command.env_remove("SSL_CERT_FILE");
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a log file"))
            .stderr(file)
            .spawn()
            .expect("footfall starts");
        Self { child, log: log.to_owned() }
    }

    /// Sends `SIGKILL` and waits until the process has ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("the process can be waited for");
    }

    /// Returns its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends `SIGCONT`: the process continues where it was frozen.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends `SIGTERM`: the process finishes its work and ends.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        let id = self.id().try_into().ok().and_then(Pid::from_raw).expect("a process id");
        kill_process(id, signal).expect("the process can be signalled");
    }

    /// Returns whether the process is stopped.
    pub fn is_frozen(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap_or_default();
        // The state follows the program's name in parentheses.
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    }

    /// Returns its exit status; `None` while it runs.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the process has a status")
    }

    /// Fails the test with the end of the log if the process has ended.
    pub fn must_be_running(&mut self) {
        if let Some(status) = self.exited() {
            panic!("footfall ended ({status}):\n{}", self.last_lines());
        }
    }

    /// Waits until the process ends by itself; fails the test unless it succeeds.
    pub async fn ended(&mut self) {
        loop {
            match self.exited() {
                Some(status) if status.success() => return,
                Some(status) => panic!("footfall ended ({status}):\n{}", self.last_lines()),
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Returns the last 40 lines of its output.
    pub fn last_lines(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that the process has already ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a `footfall` command to its end and returns its output; it must succeed.
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

/// Returns the path of the `footfall` of the same build.
pub(crate) fn binary() -> PathBuf {
    program("footfall")
}

/// Returns the path of a program of the same build: `target/<profile>`, one folder above tests.
pub fn program(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a path of this program");
    let folders = program.ancestors().skip(1);
    let mut folders = folders.skip_while(|folder| folder.ends_with("deps"));
    let binary = folders.next().expect("target/<profile>").join(name);
    assert!(binary.exists(), "{} does not exist: run `cargo build` first", binary.display());
    binary
}

/// Returns the root of the checkout.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}
