use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

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

    /// Fails the test, with the end of the log, when the process is no longer there.
    pub fn must_be_running(&mut self) {
        if let Some(status) = self.child.try_wait().expect("our own process can be asked") {
            panic!("footfall ended ({status}):\n{}", self.last_lines());
        }
    }

    /// Waits until it has ended by itself, which must be well.
    pub async fn ended(&mut self) {
        loop {
            match self.child.try_wait().expect("our own process can be asked") {
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

/// The binary that the same build made: it lies beside other programs, and one folder above tests.
pub(crate) fn binary() -> PathBuf {
    let program = std::env::current_exe().expect("a path of this program");
    let folders = program.ancestors().skip(1);
    let mut folders = folders.skip_while(|folder| folder.ends_with("deps"));
    let binary = folders.next().expect("target/<profile>").join("footfall");
    assert!(binary.exists(), "{} is not there: run `cargo build` first", binary.display());
    binary
}

/// The root of the checkout.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}
