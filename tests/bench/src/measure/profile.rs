use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::{Failure, options::Common};

/// Samples a second.
const FREQUENCY: &str = "199";

/// How much of a stack each sample holds, in bytes: release builds have no frame pointers.
const CALL_GRAPH: &str = "dwarf,16384";

/// A running profiler of one process.
pub(crate) struct Profile {
    perf: Child,
    data: PathBuf,
}

impl Profile {
    /// Profiles a process, if the run was asked for profiles; `name` names the flame graph.
    ///
    /// # Errors
    /// `perf` cannot be started.
    pub(crate) fn start(
        common: &Common,
        name: &str,
        process: u32,
    ) -> Result<Option<Self>, Failure> {
        let Some(folder) = &common.profile else { return Ok(None) };
        fs::create_dir_all(folder)?;
        let data = folder.join(format!("{name}.data"));
        let perf = Command::new("perf")
            .args(["record", "-q", "-F", FREQUENCY, "--call-graph", CALL_GRAPH, "-p"])
            .arg(process.to_string())
            .arg("-o")
            .arg(&data)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| format!("perf: {error}; `make profile` installs it"))?;
        Ok(Some(Self { perf, data }))
    }

    /// Ends the profile and draws its flame graph beside the samples.
    ///
    /// # Errors
    /// A tool failed.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let id = i32::try_from(self.perf.id())?;
        let id = Pid::from_raw(id).ok_or("a process id")?;
        // Already ended when the profiled process has.
        let _ = kill_process(id, Signal::INT);
        self.perf.wait()?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("flame-graph.sh");
        let drawn = Command::new(script).arg(&self.data).status()?;
        if drawn.success() { Ok(()) } else { Err("the flame graph could not be drawn".into()) }
    }
}
